/**
 * What a push costs, in one run on one machine: the senders of this repository beside a bare
 * `node:http2` loop, node-apn and firebase-admin; then ours alone, at a provider's latency and under
 * GOAWAYs. The client has core 0 to itself, the simulator core 1, where `taskset` exists; it runs
 * from plain JavaScript, as a deployed function does.
 */

import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { forkOn, forkSimulator } from '../../functions/simulators/fork.ts';
import { makeApnsKey, type Simulator } from '../../functions/simulators/simulator.ts';
import { type PlainCopy, plainCopy } from './plain.ts';
import type { Report, Work } from './senders-child.ts';
import { type ClientName, clientNames, providerOf } from './senders-clients.ts';
import { measureScenarios, type ScenarioFigures, scenarioTable } from './senders-scenarios.ts';
import { apnsIdentity, median, PROJECT } from './senders-work.ts';

export interface Figures {
  /** medians of the rounds */
  perCpuSecond: number;
  perSecond: number;
  /** the most that its process took, in MB */
  rssMb: number;
  /** sums over the rounds, by the simulator's count */
  lost: number;
  duplicates: number;
}

/** null: it could not be measured here; the reason is in the table. */
export type SendersResult = Record<Exclude<ClientName, 'rawFcm'>, Figures | null> & {
  scenarios: ScenarioFigures[];
};

const PUSHES = 30_000;
const ROUNDS = 3;
/** A client that hangs must not hang the benchmark. */
const DEADLINE = 120_000;

const labels: Record<ClientName, string> = {
  raw: 'APNs  bare node:http2 loop',
  apns: 'APNs  volley',
  nodeApn: 'APNs  @parse/node-apn',
  rawFcm: 'FCM   bare node:http2 loop',
  fcm: 'FCM   volley',
  firebaseAdmin: 'FCM   firebase-admin sendEach',
};

/** With `json` the table goes to stderr, so that stdout is the caller's. */
export async function senders({
  pushes = PUSHES,
  json,
}: {
  pushes?: number;
  json: boolean;
}): Promise<SendersResult> {
  const key = makeApnsKey();
  const cores = availableParallelism();
  const { keyId, teamId, topic } = apnsIdentity;
  const cpu = cores > 1 ? 1 : 0;
  const simulators = {
    apns: await forkSimulator({
      provider: 'apns',
      publicKey: key.publicKey,
      keyId,
      teamId,
      topics: [topic],
      cpu,
    }),
    fcm: await forkSimulator({ provider: 'fcm', projectId: PROJECT, cpu }),
  };
  const plain = await plainCopy();
  let scenarios: ScenarioFigures[];
  const rounds = new Map<ClientName, (Figures | string)[]>(clientNames.map((it) => [it, []]));
  try {
    // client by client within a round: whatever else the machine does, it does to all of them
    for (let round = 1; round <= ROUNDS; round++)
      for (const client of clientNames) {
        process.stderr.write(`senders: round ${round} of ${ROUNDS}, ${labels[client]}\n`);
        const simulator = simulators[providerOf[client]];
        rounds.get(client)!.push(await measure(client, simulator, key.privateKey, pushes, plain));
      }
    const module = plain.url('test/bench/senders-scenario-child.ts');
    scenarios = await measureScenarios(simulators, key.privateKey, module);
  } finally {
    await Promise.all([simulators.apns.close(), simulators.fcm.close(), plain.remove()]);
  }

  const results = new Map(clientNames.map((it) => [it, summed(rounds.get(it)!)]));
  const out = json ? process.stderr : process.stdout;
  out.write(`${table(results, pushes, cores)}\n\n${scenarioTable(scenarios)}\n`);
  const figures = (client: ClientName) => {
    const result = results.get(client)!;
    return typeof result === 'string' ? null : result;
  };
  return {
    raw: figures('raw'),
    apns: figures('apns'),
    fcm: figures('fcm'),
    nodeApn: figures('nodeApn'),
    firebaseAdmin: figures('firebaseAdmin'),
    scenarios,
  };
}

/** The figures of one client in a fresh process, or why there are none. */
async function measure(
  client: ClientName,
  simulator: Simulator,
  key: string,
  pushes: number,
  plain: PlainCopy,
): Promise<Figures | string> {
  const { origin, ca } = simulator;
  const child = forkOn(0, plain.url('test/bench/senders-child.ts'));
  const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE);
  const exited = once(child, 'exit').then((): [Report] => [
    { kind: 'failed', reason: 'its process ended early, or took too long' },
  ]);
  const report = async (): Promise<Report> => {
    const [it] = await Promise.race([once(child, 'message') as Promise<[Report]>, exited]);
    return it;
  };
  try {
    child.send({ client, pushes, origin, ca, key } satisfies Work);
    const warm = await report();
    if (warm.kind === 'failed') return warm.reason;
    await simulator.reset();
    child.send('go');
    const sent = await report();
    if (sent.kind !== 'sent') return sent.kind === 'failed' ? sent.reason : 'it was not warm';
    const { distinct, duplicates } = await simulator.stats();
    return {
      perCpuSecond: Math.round(pushes / sent.cpuSeconds),
      perSecond: Math.round(pushes / sent.seconds),
      rssMb: sent.rssMb,
      lost: pushes - distinct,
      duplicates,
    };
  } finally {
    clearTimeout(deadline);
    child.kill('SIGKILL');
    await exited;
  }
}

function summed(rounds: (Figures | string)[]): Figures | string {
  const good = rounds.filter((it) => typeof it !== 'string');
  if (good.length < rounds.length) return rounds.find((it) => typeof it === 'string')!;
  const sum = (of: (it: Figures) => number) => good.reduce((all, it) => all + of(it), 0);
  return {
    perCpuSecond: median(good.map((it) => it.perCpuSecond)),
    perSecond: median(good.map((it) => it.perSecond)),
    rssMb: median(good.map((it) => it.rssMb)),
    lost: sum((it) => it.lost),
    duplicates: sum((it) => it.duplicates),
  };
}

function table(results: Map<ClientName, Figures | string>, pushes: number, cores: number): string {
  const row = (label: string, ...cells: (string | number)[]) =>
    label.padEnd(32) +
    cells.map((it, i) => String(it).padStart([11, 12, 10, 7, 7, 7][i]!)).join('');
  const number = (it: number) => it.toLocaleString('en');
  const lines = (Object.keys(labels) as ClientName[]).map((client) => {
    const it = results.get(client)!;
    if (typeof it === 'string')
      return `${labels[client].padEnd(32)}  not measured: ${it}`.slice(0, 80);
    const raw = results.get(providerOf[client] === 'apns' ? 'raw' : 'rawFcm')!;
    const share = typeof raw === 'string' ? '' : (it.perCpuSecond / raw.perCpuSecond).toFixed(2);
    return row(
      labels[client],
      number(it.perCpuSecond),
      number(it.perSecond),
      share,
      number(it.lost),
      number(it.duplicates),
      number(it.rssMb),
    );
  });
  return [
    `${number(pushes)} pushes, median of ${ROUNDS} rounds, Node ${process.versions.node}, ${cores} cores`,
    '',
    row('', 'per CPU-s', 'per second', 'of bare', 'lost', 'twice', 'MB'),
    ...lines,
  ].join('\n');
}
