import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parser } from '@prometheus-io/lezer-promql';
import { createLog } from '../../functions/log.ts';
import type { Chunk } from '../../functions/model/chunk.ts';
import { createRecorder, newLease } from '../../functions/pipeline/send/record.ts';
import type { Log, Ports } from '../../functions/ports/ports.ts';
import { entryOf, matcher } from './filter.ts';

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const metrics = readdirSync('infra/metrics').map((file) => ({
  name: file.replace('.json', ''),
  ...read(`infra/metrics/${file}`),
}));

/** Lines of the log as Cloud Logging gets them, with everything in them that is counted. */
async function lines(): Promise<Record<string, unknown>[]> {
  const written: Record<string, unknown>[] = [];
  const log: Log = createLog((line) => written.push(JSON.parse(line)));
  log.campaignPaused({ campaignId: 'c', reason: 'BadTopic' });
  log.audienceUnread({ campaignId: 'c', unread: 7_000 });
  log.pagesDiffer({ app: 'default', rows: 3 });
  log.redriven({ work: 'c', why: 'overdue' });
  log.taskFailed({ task: 't', attempt: 0, error: new Error('none') });
  const chunk = { id: 'c.0.0.0', campaignId: 'c', provider: 'apns', open: [0, 1, 2], inDoubt: [] };
  const recipients = [0, 1, 2].map((i) => ({ installationId: `i${i}`, token: `t${i}` }));
  const store = {
    commitChunk: async () => ({ kind: 'committed' }),
    webhooksFor: async () => [],
  };
  const recorder = createRecorder(
    { store, log, now: () => 1 } as unknown as Ports,
    { ...chunk, recipients, attempt: 0 } as unknown as Chunk,
    newLease(1),
  );
  recorder.accept(0);
  recorder.fail(1, { outcome: 'rejected', reason: 'BadDeviceToken' });
  recorder.fail(2, { outcome: 'rejected', reason: 'BadDeviceToken' });
  await recorder.release(1);
  return written;
}

const ours = (filter: string) => matcher(filter.replaceAll(`\${prefix}`, 'volley'));
const entries = async (service = 'volley-send-apns') =>
  (await lines()).map((it) => entryOf(service, JSON.stringify(it)));

/** Throws if it is not of the form `EXTRACT(jsonPayload.FIELD)`. */
const extracted = (extractor: string) => /^EXTRACT\(jsonPayload\.(\w+)\)$/.exec(extractor)![1]!;

/** What the metrics count of those lines, where it is more than one. */
const several: Record<string, string[]> = {
  faults: ['audience not read whole', 'registry pages differ from documents', 'task failed'],
};
/** The lines that an alert is about. */
const alerted = {
  'audience-unread.json': 'audience not read whole',
  'campaign-paused.json': 'campaign paused',
  'pages-differ.json': 'registry pages differ from documents',
};

test('every metric counts lines that the log has, by fields that they have', async () => {
  for (const { name, filter, valueExtractor, labelExtractors = {}, metricDescriptor } of metrics) {
    const counted = (await entries()).filter(ours(filter));
    const messages = counted.map(({ jsonPayload }) => jsonPayload.message);
    if (several[name]) assert.deepEqual(messages, several[name]);
    else assert.equal(counted.length, 1, `${name} counts ${messages}`);
    const [{ jsonPayload }] = counted;
    for (const it of Object.values<string>(labelExtractors))
      assert.ok(extracted(it) in jsonPayload);
    if (valueExtractor) assert.equal(typeof jsonPayload[extracted(valueExtractor)], 'number', name);
    assert.deepEqual(
      (metricDescriptor.labels ?? []).map(({ key }: { key: string }) => key),
      Object.keys(labelExtractors),
    );
  }
});

test('no metric and no alert counts the lines of others in the project', async () => {
  for (const filter of [...metrics.map((it) => it.filter), ...alertFilters()])
    assert.deepEqual((await entries('shop-api')).filter(ours(filter)), []);
});

test('an alert on the log is about one line, and takes its labels from it', async () => {
  const found: Record<string, string> = {};
  for (const file of readdirSync('infra/alerts'))
    for (const { conditionMatchedLog: it } of read(`infra/alerts/${file}`).conditions) {
      if (!it) continue;
      const counted = (await entries()).filter(ours(it.filter));
      assert.equal(counted.length, 1, file);
      found[file] = counted[0].jsonPayload.message;
      for (const extractor of Object.values<string>(it.labelExtractors))
        assert.ok(extracted(extractor) in counted[0].jsonPayload);
    }
  assert.deepEqual(found, alerted);
});

test('what is expected is no fault: a warning, and a line of text', () => {
  const { filter } = metrics.find(({ name }) => name === 'faults')!;
  const of = (line: object) => ours(filter)(entryOf('volley-api', JSON.stringify(line)));
  assert.equal(of({ severity: 'WARNING', message: 'slow', ms: 1 }), false);
  assert.equal(of({ severity: 'ERROR', message: 'task failed', task: 't' }), true);
});

test('every query of the dashboard and the alerts is PromQL, by the grammar of Prometheus', () => {
  const queries = [
    ...dashboardQueries(),
    ...readdirSync('infra/alerts').flatMap((file) =>
      read(`infra/alerts/${file}`).conditions.map(
        (it: { conditionPrometheusQueryLanguage?: { query: string } }) =>
          it.conditionPrometheusQueryLanguage?.query,
      ),
    ),
  ].filter(Boolean);
  assert.ok(queries.length > 10, String(queries.length));
  for (const it of queries) assert.deepEqual(faultsOf(filled(it)), [], it);
  assert.notDeepEqual(faultsOf('sum by (rate(x[5m])'), []);
});

const filled = (text: string) =>
  text
    .replaceAll('$${', '@{')
    .replaceAll(`\${prefix}`, 'volley')
    .replaceAll(`\${metric}`, 'volley')
    .replaceAll('@{', '${');

/** Where the parser had to skip or invent something. */
function faultsOf(query: string): string[] {
  const faults: string[] = [];
  parser.parse(query).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) faults.push(`at ${from}: ${query.slice(from, to)}`);
    },
  });
  return faults;
}

function dashboardQueries(): string[] {
  const queries: string[] = [];
  JSON.parse(readFileSync('infra/dashboard.json', 'utf8'), (key, it) => {
    if (key === 'prometheusQuery') queries.push(it);
    return it;
  });
  return queries;
}

const alertFilters = (): string[] =>
  readdirSync('infra/alerts').flatMap((file) =>
    read(`infra/alerts/${file}`).conditions.flatMap(
      (it: { conditionMatchedLog?: { filter: string } }) => it.conditionMatchedLog?.filter ?? [],
    ),
  );

test('a commit tells what it wrote, and each reason once', async () => {
  const [recorded, failed] = (await lines()).slice(-2);
  const { accepted, failed: of, open, ended } = recorded!;
  assert.deepEqual([accepted, of, open, ended], [1, 2, 0, true]);
  assert.deepEqual([failed!.reason, failed!.count], ['BadDeviceToken', 2]);
});

test('the dashboard and the alerts look at metrics that are there', () => {
  const files = [
    'infra/dashboard.json',
    ...readdirSync('infra/alerts').map((it) => `infra/alerts/${it}`),
  ];
  const names = metrics.map(({ name }) => name.replaceAll('-', '_'));
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the file's
    for (const part of text.split('user_${metric}_').slice(1)) {
      const [metric] = /^[a-z_]+/.exec(part)!;
      assert.ok(names.includes(metric.replace(/_(sum|count|bucket)$/, '')), `${file}: ${metric}`);
    }
  }
});

test('every alert says what to do', () => {
  for (const file of readdirSync('infra/alerts')) {
    const { documentation, severity } = read(`infra/alerts/${file}`);
    assert.ok(documentation.content.length > 100, file);
    assert.match(severity, /^(WARNING|ERROR)$/);
  }
});
