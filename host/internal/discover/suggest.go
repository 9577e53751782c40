// SPDX-License-Identifier: Apache-2.0

package discover

import (
	"fmt"
	"iter"
)

// didYouMean offers the known word that is closest to name, if one is close.
func didYouMean(name string, known iter.Seq[string]) string {
	best, least := "", len(name)/3+2
	for key := range known {
		if distance := editDistance(name, key); distance < least || distance == least && best != "" && key < best {
			best, least = key, distance
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// editDistance counts the letters to insert, delete or replace between a and b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
