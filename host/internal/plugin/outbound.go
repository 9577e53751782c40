// SPDX-License-Identifier: Apache-2.0

package plugin

import "google.golang.org/grpc"

// Outbound wraps the calls that leave the host for a plugin, first interceptor
// outermost: the place for trace context, metrics and audit.
type Outbound struct {
	Unary  []grpc.UnaryClientInterceptor
	Stream []grpc.StreamClientInterceptor
}
