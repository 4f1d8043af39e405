// Plays scenarios with the TypeScript SDK: a JSON text a line comes in, one with what the SDK showed goes out. NODE_CLIENT says where the SDK is.

const path = require('node:path');
const readline = require('node:readline');
const { createRequire } = require('node:module');

const sdk = createRequire(path.join(process.env.NODE_CLIENT, 'package.json'));
const Anthropic = sdk('@anthropic-ai/sdk').default;
const { VERSION } = sdk('@anthropic-ai/sdk/version');

async function play({ base_url, auth, headers, scenario }) {
  const client = new Anthropic({
    baseURL: base_url,
    apiKey: auth.api_key ?? null,
    authToken: auth.auth_token ?? null,
    defaultHeaders: headers,
    maxRetries: scenario.retries ?? 0,
    timeout: (scenario.timeout ?? 30) * 1000,
  });
  const answers = [];
  const seen = [];
  for (const step of scenario.steps) {
    const endpoint = step.beta ? client.beta : client;
    try {
      // As in Python: one value for the body, with the call's own headers in it.
      const { extra_headers, ...request } = resolved(step.request ?? {}, answers);
      const [answer, shown] = await CALLS[step.call](endpoint, request, { headers: extra_headers });
      answers.push(answer);
      seen.push(shown);
    } catch (problem) {
      if (!(problem instanceof Anthropic.APIError)) throw problem;
      answers.push(null);
      seen.push({ error: error(problem) });
    }
  }
  return seen;
}

/** The request with each {"$answer": [step, member or index, …]} replaced by that part of an earlier answer, as the SDK gave it. */
function resolved(value, answers) {
  if (Array.isArray(value)) return value.map((each) => resolved(each, answers));
  if (value === null || typeof value !== 'object') return value;
  if (value.$answer) {
    const [step, ...path] = value.$answer;
    return path.reduce((found, part) => found[part], answers[step]);
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolved(each, answers)]));
}

function error(problem) {
  const told = problem.error?.error ?? { type: null, message: problem.message };
  return {
    class: problem.constructor.name,
    status: problem.status ?? null,
    type: told.type,
    message: told.message,
    request_id: problem.requestID ?? null,
  };
}

const CALLS = {
  async create(endpoint, request, options) {
    const answer = await endpoint.messages.create(request, options);
    return [answer, { message: answer, request_id: answer._request_id }];
  },

  async events(endpoint, request, options) {
    const found = [];
    for await (const event of await endpoint.messages.create({ ...request, stream: true }, options)) found.push(event);
    return [null, { events: found }];
  },

  async stream(endpoint, request, options) {
    let text = '';
    const opened = endpoint.messages.stream(request, options).on('text', (piece) => (text += piece));
    const answer = await opened.finalMessage();
    return [answer, { text, message: answer, request_id: opened.request_id }];
  },

  async raw(endpoint, request, options) {
    const { data, response, request_id } = await endpoint.messages.create(request, options).withResponse();
    const names = ['content-type', 'request-id', 'x-amzn-requestid'];
    const headers = Object.fromEntries(names.map((name) => [name, response.headers.get(name)]));
    return [data, { status: response.status, headers, request_id, message: data }];
  },

  async count_tokens(endpoint, request, options) {
    return [null, await endpoint.messages.countTokens(request, options)];
  },

  async models_list(endpoint, request, options) {
    const page = await endpoint.models.list(request, options);
    const all = [];
    for await (const model of page) all.push(model.id);
    return [null, { page: page.data.map((model) => model.id), more: page.has_more, all }];
  },

  async models_retrieve(endpoint, { model_id }, options) {
    return [null, await endpoint.models.retrieve(model_id, {}, options)];
  },
};

async function main() {
  console.log(JSON.stringify({ version: VERSION }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await play(JSON.parse(line))));
  }
}

main();
