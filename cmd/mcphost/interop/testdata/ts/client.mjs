// SPDX-License-Identifier: Apache-2.0

// Goes through one conversation with the official TypeScript client and prints
// what it saw: lines of JSON, each with some members of the transcript that the
// Go test reads. The one argument is JSON too: how to connect, and what to use.

import { Client, ProtocolError, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const task = JSON.parse(process.argv[2]);
const saw = (part) => console.log(JSON.stringify(part));

const transport = task.url
  ? new StreamableHTTPClientTransport(new URL(task.url))
  : new StdioClientTransport({ command: task.command, args: task.args, env: process.env });
const client = new Client({ name: 'interop', version: '1' }, { versionNegotiation: { mode: task.mode } });
await client.connect(transport);
saw({ version: client.getNegotiatedProtocolVersion() });

const text = (result) => {
  if (result.isError) throw new Error(`tool error: ${JSON.stringify(result.content)}`);
  return result.content.filter((block) => block.type === 'text').map((block) => block.text).join('');
};
const call = async (name, args, options) => text(await client.callTool({ name, arguments: args }, options));
const greeting = () => call(`${task.greeter}__greet`, { who: 'Ada' });

const { tools } = await client.listTools();
saw({ tools: tools.map((tool) => tool.name) });
saw({ read: await call('files__read', { path: task.planted }) });
saw({ list: await call('files__list', { path: task.root }) });
saw({ greeting: await greeting() });

// Progress is noted as it arrives. The callback may miss the last of it: this
// client calls it a moment later than it settles a call, which then has none.
const progress = [];
let answered = false;
const deliver = transport.onmessage;
transport.onmessage = (message, extra) => {
  if (message.method === 'notifications/progress' && !answered) progress.push(message.params.progress);
  if (!message.method) answered = true;
  deliver(message, extra);
};
const counted = await call(`${task.greeter}__count`, task.count, { onprogress: () => {} });
transport.onmessage = deliver;
saw({ counted, progress });

try {
  await client.callTool({ name: 'nobody__has-this', arguments: {} });
} catch (error) {
  if (!ProtocolError.isInstance(error)) throw error;
  saw({ unknownCode: error.code });
}

// A call of hours, cancelled as soon as it makes progress.
const giveUp = new AbortController();
try {
  await call(`${task.greeter}__count`, task.hours, { signal: giveUp.signal, onprogress: () => giveUp.abort() });
} catch (error) {
  if (!giveUp.signal.aborted) throw error;
  saw({ cancelled: true });
}
saw({ afterCancel: await greeting() });

if (task.url && client.getProtocolEra() === 'legacy') await transport.terminateSession();
await client.close();
