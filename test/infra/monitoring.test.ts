import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createLog } from '../../functions/log.ts';
import { createRecorder, newLease } from '../../functions/pipeline/record.ts';
import type { Chunk, Log, Ports } from '../../functions/ports.ts';

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
  log.redriven({ work: 'c', why: 'overdue' });
  log.taskFailed({ task: 't', attempt: 0, error: new Error('none') });
  const chunk = { id: 'c.0.0.0', campaignId: 'c', provider: 'apns', open: [0, 1, 2], doubtful: [] };
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

test('every metric counts lines that the log has, by fields that they have', async () => {
  const written = await lines();
  for (const { name, filter, valueExtractor, labelExtractors = {} } of metrics) {
    const wanted = Array.from(
      filter.matchAll(/jsonPayload\.(\w+)=("[^"]*"|\w+)/g) as Iterable<string[]>,
      ([, field, value]) => [field!, JSON.parse(value!)] as const,
    );
    const counted = written.filter(
      (line) =>
        wanted.every(([field, value]) => line[field] === value) &&
        (!filter.includes('severity>=ERROR') || line.severity === 'ERROR'),
    );
    assert.equal(counted.length, 1, `${name} counts ${counted.length} of the lines`);
    const fields = [valueExtractor, ...Object.values(labelExtractors)].filter(Boolean);
    for (const extractor of fields as string[]) {
      const field = /^EXTRACT\(jsonPayload\.(\w+)\)$/.exec(extractor)![1]!;
      assert.ok(field in counted[0]!, `${name}: no ${field} in ${JSON.stringify(counted[0])}`);
    }
    assert.deepEqual(
      (read(`infra/metrics/${name}.json`).metricDescriptor.labels ?? []).map(
        ({ key }: { key: string }) => key,
      ),
      Object.keys(labelExtractors),
    );
  }
});

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
