/**
 * Simulates Google's APIs on loopback, and records requests and resources. A resource that exists
 * cannot be created (409), one that does not cannot be read (404); changes have a mask, policies have
 * versions, long calls answer with an operation. What Google refuses for reasons that a
 * deployment can meet is refused: an API that is off, an account or a role that is not there, a
 * change of a Firestore field during another one. As on Google, an API refuses the first call after it
 * was enabled, and a new account is unknown for a while.
 */

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { keptOpen } from '../../kept-open.ts';
import { knative } from './knative.ts';
import { createPolicies, type Policy, Refusal } from './policies.ts';
import { accountAt, type Body, given, type Kind, kinds } from './services.ts';

export const PROJECT_NUMBER = '123456789012';

export interface Call {
  service: string;
  method: string;
  /** the resource's name and, after a colon, the verb: `projects/p/topics/t:getIamPolicy` */
  path: string;
  query: URLSearchParams;
  body: Body;
  status: number;
}

export interface Recorder {
  origin: string;
  /** all requests, in the order of their answers */
  calls: Call[];
  /** resources by service and name: `pubsub projects/p/topics/t` */
  resources: Map<string, Body>;
  /** IAM policies by the same names */
  policies: Map<string, Policy>;
  enabled: Set<string>;
  /** Completes all operations. */
  settle(): void;
  close(): Promise<void>;
}

const notFound = (what: string) => new Refusal(404, 'NOT_FOUND', `${what} was not found.`);

/** `describeBigQuery` says what BigQuery's API is, as the Cloud SDK has it: `bq` asks for it. */
export async function startRecorder(describeBigQuery: () => Promise<string>): Promise<Recorder> {
  const calls: Call[] = [];
  const resources = new Map<string, Body>();
  const enabled = new Set<string>();
  const justEnabled = new Set<string>();
  /** running operations, with their changes */
  const running = new Map<string, string>();
  const finished = new Map<string, Body>();
  let made = 0;
  const policies = createPolicies(resources);

  const kindOf = (service: string, collection: string | undefined): Kind => {
    const kind = kinds.find((it) => it.service === service && it.collection === collection);
    if (!kind) throw new Refusal(404, 'NOT_FOUND', `no API here for ${service} ${collection}`);
    return kind;
  };

  /** A long operation: done when it is read, or when all are completed. */
  function operation(service: string, name: string, response: Body): Body {
    const parent = /^projects\/[^/]+(\/(locations|databases)\/[^/]+)?/.exec(name)![0];
    const id = `${service === 'serviceusage' ? '' : `${parent}/`}operations/${++made}`;
    running.set(id, name);
    finished.set(id, response);
    return { name: id, done: false };
  }

  function create(kind: Kind, parent: string, call: Call): Body {
    const body = kind.of?.(call.body) ?? call.body;
    const id = kind.id?.(call.query, call.body) ?? String(++made);
    const whole = kind.collection === 'serviceAccounts' ? accountAt(id, parent) : id;
    const name = `${parent && `${parent}/`}${kind.collection}/${whole}`;
    const key = `${kind.service} ${name}`;
    const twin = kind.collection === 'indexes' && sameIndex(parent, body);
    if (resources.has(key) || twin)
      throw new Refusal(409, 'ALREADY_EXISTS', `${name} already exists.`);
    resources.set(key, { ...body, name, ...kind.add?.(name, body) });
    if (kind.collection === 'serviceAccounts') policies.accountMade(whole);
    if (kind.collection === 'functions') serve(name);
    return kind.slow ? operation(kind.service, name, resources.get(key)) : resources.get(key);
  }

  const sameIndex = (parent: string, body: Body) =>
    [...resources].some(
      ([key, it]) =>
        key.startsWith(`firestore ${parent}/indexes/`) &&
        JSON.stringify(it.fields) === JSON.stringify(body.fields),
    );

  /** A function of the second generation is a service of Cloud Run. */
  function serve(name: string) {
    const service = name.replace('/functions/', '/services/');
    const of = resources.get(`cloudfunctions ${name}`);
    of.serviceConfig = { ...of.serviceConfig, service };
    const key = `run ${service}`;
    if (!resources.has(key)) resources.set(key, { name: service });
  }

  function change(kind: Kind, name: string, call: Call): Body {
    const key = `${kind.service} ${name}`;
    const before = resources.get(key) ?? (kind.collection === 'fields' ? { name } : undefined);
    if (!before) throw notFound(name);
    if ([...running.values()].includes(name))
      throw new Refusal(409, 'ABORTED', `${name} is being changed by another operation.`);
    const named = call.body[kind.service === 'pubsub' ? kind.collection.slice(0, -1) : ''];
    const body = named ?? call.body;
    const mask = (call.query.get('updateMask') ?? call.body.updateMask)?.split(',');
    // a mask names fields of fields as well: they are replaced as a whole, which is as much as we send
    const fields = mask?.map((it: string) => it.split('.')[0]!.replace(/_(\w)/g, upper));
    const part = fields
      ? Object.fromEntries(fields.map((it: string) => [it, body[it]]))
      : { ...body };
    const after = { ...before, ...part };
    if (kind.collection === 'functions') {
      after.serviceConfig = { ...before.serviceConfig, ...body.serviceConfig };
      after.buildConfig = { ...before.buildConfig, ...body.buildConfig };
    }
    resources.set(key, JSON.parse(JSON.stringify(after)));
    return kind.slow === 'changed' ? operation(kind.service, name, after) : after;
  }

  function read(service: string, name: string): Body {
    const parts = name.split('/');
    const done = finished.get(name);
    if (parts.at(-2) === 'operations' || parts[0] === 'operations') {
      if (!finished.has(name)) throw notFound(name);
      running.delete(name);
      const type = { '@type': 'type.googleapis.com/google.protobuf.Struct' };
      return {
        name,
        done: true,
        metadata: { ...type, stages: [] },
        response: { ...type, ...done },
      };
    }
    if (parts.length % 2 === 0) {
      const it = resources.get(`${service} ${name}`);
      if (it) return it;
      // callers without permission do not learn whether an account exists
      if (parts.at(-2) === 'serviceAccounts')
        throw new Refusal(403, 'PERMISSION_DENIED', `${name}: denied, or it may not exist.`);
      throw notFound(name);
    }
    const collection = parts.at(-1)!;
    if (collection === 'operations') {
      const listed = [...finished.keys()].filter((it) => it.startsWith(`${name}/`));
      // an operation that is not done has no field `done`
      const operations = listed.map((it) =>
        running.has(it) ? { name: it } : { name: it, done: true },
      );
      // the next read finds them done
      for (const it of listed) running.delete(it);
      return { operations };
    }
    const all = given[`${service} ${collection}`];
    if (all) return all;
    kindOf(service, collection);
    const start = `${service} ${name}/`;
    const wild = new RegExp(
      `^${start.replace(/[()]/g, '\\$&').replaceAll('/-/', '/[^/]+/')}[^/]+$`,
    );
    const list = [...resources].filter(([key]) => wild.test(key)).map(([, it]) => it);
    return list.length > 0 ? { [collection]: list } : {};
  }

  function verb(call: Call, name: string, what: string): Body {
    const { service, body } = call;
    switch (what) {
      case 'getIamPolicy':
        return policies.read(service, name);
      case 'setIamPolicy':
        return policies.write(service, name, body.policy, body.updateMask);
      case 'batchEnable':
      case 'enable':
        for (const it of body.serviceIds ?? [name.split('/').at(-1)])
          enable(it.replace('.googleapis.com', ''));
        return operation(service, name, {});
      case 'generateServiceIdentity': {
        const agent = `service-${PROJECT_NUMBER}@gcp-sa-${/services\/(\w+)/.exec(name)![1]}.iam.gserviceaccount.com`;
        policies.accountMade(agent);
        return { done: true, response: { email: agent, uniqueId: '2' } };
      }
      case 'generateUploadUrl':
        return { uploadUrl: `${origin}/upload/`, storageSource: { bucket: 'b', object: 'o.zip' } };
      default:
        return act(call, name, what);
    }
  }

  /** Verbs that only say something of one resource, such as `pause`. */
  function act({ service }: Call, name: string, what: string): Body {
    const it = resources.get(`${service} ${name}`);
    if (!it) throw notFound(name);
    if (what === 'publish') return { messageIds: ['1'] };
    if (['pull', 'acknowledge'].includes(what)) return {};
    if (what === 'bulkDeleteDocuments') return operation(service, name, {});
    if (what === 'pause') it.state = 'PAUSED';
    else if (what === 'resume') it.state = 'RUNNING';
    else if (what === 'addVersion') {
      const version = `${name}/versions/latest`;
      resources.set(`secretmanager ${version}`, { name: version, state: 'ENABLED' });
      return { name: version, state: 'ENABLED', clientSpecifiedPayloadChecksum: true };
    } else throw new Refusal(404, 'NOT_FOUND', `no verb ${what} here`);
    return it;
  }

  function enable(service: string) {
    if (!enabled.has(service)) justEnabled.add(service);
    enabled.add(service);
  }

  function checkEnabled(service: string) {
    if (fromTheBeginning.includes(service)) return;
    if (enabled.has(service) && !justEnabled.delete(service)) return;
    const api = `${service}.googleapis.com`;
    const text = `has not been used in project ${PROJECT_NUMBER} before or it is disabled.`;
    throw new Refusal(403, 'PERMISSION_DENIED', `${api} ${text}`);
  }

  function answer(call: Call): Body {
    const { service, method } = call;
    const [name, what] = call.path.split(/:(?=[a-zA-Z]+$)/) as [string, string?];
    if (service === 'upload') return {};
    checkEnabled(service);
    if (name.startsWith('namespaces/')) return knative(resources, call);
    if (what) return verb(call, name, what);
    const parts = name.split('/');
    if (service === 'cloudresourcemanager' && parts.length === 2)
      return { projectId: parts[1], projectNumber: PROJECT_NUMBER, lifecycleState: 'ACTIVE' };
    if (service === 'serviceusage' && parts.at(-2) === 'services') {
      const on = enabled.has(parts.at(-1)!.replace('.googleapis.com', ''));
      return { name, state: on ? 'ENABLED' : 'DISABLED' };
    }
    const database = /^(.*\/databases\/[^/]+)\/collectionGroups\//.exec(name)?.[1];
    if (database && [...running.values()].includes(database)) throw notFound(database);
    if (method === 'GET') return read(service, name);
    if (method === 'POST')
      return create(kindOf(service, parts.at(-1)), parts.slice(0, -1).join('/'), call);
    const kind = kindOf(service, parts.at(-2));
    if (method === 'DELETE') {
      if (!resources.delete(`${service} ${name}`)) throw notFound(name);
      return kind.slow ? operation(service, name, {}) : {};
    }
    const fresh = method === 'PUT' && service === 'pubsub';
    if (fresh) return create(kind, parts.slice(0, -2).join('/'), call);
    return change(kind, name, call);
  }

  const server = createServer(keptOpen, async (request, response) => {
    // bq asks for the description of an API at another origin
    if (request.url!.startsWith('/$discovery/')) {
      response.end(
        (await describeBigQuery()).replaceAll('https://bigquery.googleapis.com', origin),
      );
      return;
    }
    const call = await callOf(request);
    let body: Body;
    try {
      body = answer(call);
      call.status = 200;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code, status, message } = error;
      call.status = code;
      // the older APIs, BigQuery's for one, say why in a list
      const reason = status === 'ALREADY_EXISTS' ? 'duplicate' : status;
      body = { error: { code, status, message, errors: [{ reason, message }] } };
    }
    calls.push(call);
    response.writeHead(call.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    origin,
    calls,
    resources,
    policies: policies.all,
    enabled,
    settle: () => running.clear(),
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Enabled in every project, or by step 1 of the README. */
const fromTheBeginning = ['cloudresourcemanager', 'serviceusage', 'storage'];

const upper = (_: string, letter: string) => letter.toUpperCase();

/** `/SERVICE/VERSION/NAME:VERB?QUERY` (or `/SERVICE/apis/GROUP/VERSION/...`) with a body of JSON, or an upload. */
async function callOf(request: IncomingMessage): Promise<Call> {
  const url = new URL(request.url!, 'http://127.0.0.1');
  const [, service, rest] = /^\/(\w+)\/(?:apis\/[^/]+\/)?(?:v\d\w*\/)?(.*)$/.exec(url.pathname)!;
  const chunks: Buffer[] = [];
  for await (const it of request) chunks.push(it);
  const text = Buffer.concat(chunks).toString();
  const body = text && service !== 'upload' ? JSON.parse(text) : {};
  const path = rest!.split('/').map(decodeURIComponent).join('/');
  const query = url.searchParams;
  return { service: service!, method: request.method!, path, query, body, status: 0 };
}
