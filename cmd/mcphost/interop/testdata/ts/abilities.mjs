// SPDX-License-Identifier: Apache-2.0

// Tries every ability with the official TypeScript client and prints what it
// saw: a line of JSON each, that the Go test reads. The one argument is JSON
// too: how to connect, and what to answer.

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const task = JSON.parse(process.argv[2]);
const modern = task.era !== 'legacy'; // 'auto' has to choose it
// How the client is told which era to speak.
const mode = task.era === 'modern' ? { pin: '2026-07-28' } : task.era;
const patience = 20_000; // milliseconds for one ability

const [program, ...args] = task.command;
const transport = task.url
  ? new StreamableHTTPClientTransport(new URL(task.url))
  : new StdioClientTransport({ command: program, args, env: process.env });
const client = new Client(
  { name: 'interop', version: '1' },
  {
    capabilities: { elicitation: {}, sampling: {}, roots: {} },
    versionNegotiation: { mode },
  },
);
client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: task.user }));
client.setRequestHandler('sampling/createMessage', () => ({
  role: 'assistant',
  content: { type: 'text', text: task.model },
  model: 'none',
}));
client.setRequestHandler('roots/list', () => ({ roots: [{ uri: task.root, name: 'data' }] }));

// What the client is told on its own, and who waits for it.
const told = { log: [], update: [], progress: [] };
let wake = () => {};
const tell = (kind, value) => {
  told[kind].push(value);
  wake();
};
const hear = async (kind, count = 1) => {
  while (told[kind].length < count) await new Promise((resolve) => (wake = resolve));
  return told[kind].splice(0, count);
};
client.setNotificationHandler('notifications/message', ({ params }) => tell('log', params.data));
client.setNotificationHandler('notifications/resources/updated', ({ params }) => tell('update', params.uri));

await client.connect(transport);

const call = async (name, args = {}, options = {}, _meta = undefined) => {
  const result = await client.callTool({ name, arguments: args, _meta }, options);
  if (result.isError) throw new Error(`tool error: ${JSON.stringify(result.content)}`);
  return result.content[0].text;
};
const read = async (uri) => [(await client.readResource({ uri })).contents[0].text];

const abilities = {
  speak: () => [client.getNegotiatedProtocolVersion()],
  'list tools': async () => (await client.listTools()).tools.map((tool) => tool.name),
  call: async () => [await call('test_simple_text')],
  'list resources': async () => (await client.listResources()).resources.map((resource) => resource.uri),
  'list templates': async () =>
    (await client.listResourceTemplates()).resourceTemplates.map((template) => template.uriTemplate),
  read: () => read('test://static-text'),
  'read by template': () => read('test://template/7/data'),
  subscribe: async () => {
    if (modern) await client.listen({ resourceSubscriptions: [task.counter] });
    else await client.subscribeResource({ uri: task.counter });
    await call('asker__bump');
    return hear('update');
  },
  'list prompts': async () => (await client.listPrompts()).prompts.map((prompt) => prompt.name),
  prompt: async () => {
    const prompt = { name: 'test_prompt_with_arguments', arguments: { arg1: 'one', arg2: 'two' } };
    return [(await client.getPrompt(prompt)).messages[0].content.text];
  },
  complete: async () => {
    const ref = { type: 'ref/prompt', name: 'test_prompt_with_arguments' };
    return (await client.complete({ ref, argument: { name: 'arg1', value: 'test' } })).completion.values;
  },
  elicitation: async () => [await call('test_elicitation', { message: 'Who are you?' })],
  sampling: async () => [await call('test_sampling', { prompt: 'What is there?' })],
  roots: async () => [await call('test_input_required_result_list_roots')],
  progress: async () => {
    // Noted as it arrives. The callback may miss the last of it: this client
    // calls it a moment later than it settles a call, which then has none.
    const deliver = transport.onmessage;
    transport.onmessage = (message, extra) => {
      if (message.method === 'notifications/progress') tell('progress', String(message.params.progress));
      deliver(message, extra);
    };
    await call('test_tool_with_progress', {}, { onprogress: () => {} });
    transport.onmessage = deliver;
    return hear('progress', 3);
  },
  log: async () => {
    if (!modern) await client.setLoggingLevel('debug');
    const meta = modern ? { 'io.modelcontextprotocol/logLevel': 'debug' } : undefined;
    await call('test_tool_with_logging', {}, {}, meta);
    return hear('log', 3);
  },
  cancel: async () => {
    const giveUp = new AbortController();
    try {
      const options = { signal: giveUp.signal, onprogress: () => giveUp.abort() };
      return [await call('hello-go__count', task.hours, options)];
    } catch (error) {
      if (!giveUp.signal.aborted) throw error;
    }
    return ['cancelled', await call('hello-go__greet', { who: 'Ada' })];
  },
};

for (const [ability, run] of Object.entries(abilities)) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('nothing was told')), patience);
  });
  const sighting = await Promise.race([run(), late]).then(
    (saw) => ({ ability, saw }),
    (error) => ({ ability, failed: String(error) }),
  );
  clearTimeout(timer);
  console.log(JSON.stringify(sighting));
}

if (task.url && !modern) await transport.terminateSession();
await client.close();
