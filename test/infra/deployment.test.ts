import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, suite, test } from 'node:test';
import { providers } from '../../functions/model/provider/registry.ts';
import { queueNames } from '../../functions/model/queues.ts';
import { CHUNK_SIZE } from '../../functions/model/sizes.ts';
import { FEW } from '../../functions/model/tasks.ts';
import { MOST_WOKEN } from '../../functions/pipeline/wake.ts';
import { burstOf } from '../../functions/queue/pace.ts';
import { commandsOf, inventoryOf as inventoryOfCommands } from './gcloud.ts';
import { grantsOf, inventoryOf } from './inventory.ts';
import { testRoles } from './roles/suite.ts';
import { deployments, type Resource, withoutTerraform } from './terraform.ts';

/** The settings of gcloud.sh that mean what the runs in infra/tests/deployments.tftest.hcl mean. */
const apns = {
  APNS_KEY_ID: 'ABC123DEFG',
  APNS_TEAM_ID: 'DEF123GHIJ',
  APNS_TOPIC: 'com.example.app',
};
const settings: Record<string, Record<string, string>> = {
  usual: apns,
  everything: {
    ...apns,
    APNS_NEXT_KEY_ID: 'GHI123JKLM',
    PREFIX: 'push',
    REGION: 'us-central1',
    FCM_PROJECT: 'example-apps',
    FCM_CHUNKS: '2.96875',
    FCM_CHUNKS_NOW: '10',
    DATABASE: 'push',
    LOCATION: 'nam5',
    ALERT_EMAILS: 'oncall@example.com',
    BIGQUERY: 'true',
    CONSOLE_SITE: 'example-push',
    WARM: 'api=1',
    RETENTION_DAYS: '7',
    TRUSTED_HOPS: '2',
  },
  several_apps: { ...apns, SEVERAL_APPS: 'true' },
  there_already: { FCM: 'false', CREATE_DATABASE: 'false' },
};
const names = Object.keys(settings);

/** Roles on the project; each can be no narrower, or is held to a part of it by a condition. */
const onProject: Record<string, { narrowed: boolean }> = {
  'roles/datastore.user': { narrowed: true },
  'roles/storage.objectViewer': { narrowed: true },
  'roles/logging.logWriter': { narrowed: false },
};

suite('the deployment', { skip: withoutTerraform() }, () => {
  let runs: Record<string, Resource[]>;
  before(async () => {
    runs = await deployments();
    assert.deepEqual(Object.keys(runs).sort(), [...names].sort());
  });
  const of = (run: string, type: string) => runs[run]!.filter((it) => it.type === type);
  /** roles of our own, of one permission each, by name */
  const single = (run: string): Record<string, string> =>
    Object.fromEntries(
      of(run, 'google_project_iam_custom_role')
        .filter(({ values }) => values.permissions.length === 1)
        .map(({ values }) => [values.role_id, values.permissions[0]]),
    );
  const functions = (run: string) => of(run, 'google_cloudfunctions2_function');

  testRoles(names, () => runs);

  for (const run of names) {
    test(`${run}: gcloud.sh makes what Terraform makes`, async () => {
      const env = { PROJECT: 'example-project', PROJECT_NUMBER: '123456789012', ...settings[run] };
      const terraform = inventoryOf(runs[run]!);
      assert.deepEqual(await inventoryOfCommands(await commandsOf(env)), terraform);
    });

    test(`${run}: only the API is public`, () => {
      const open = grantsOf(runs[run]!).filter(({ member }) => /^all/.test(member));
      const api = functions(run).find((it) => it.values.build_config[0].entry_point === 'api')!;
      assert.deepEqual(
        open.map(({ what, role }) => [what, role]),
        [[api.values.name, 'roles/run.invoker']],
      );
      for (const { index, values } of functions(run))
        assert.equal(
          values.service_config[0].ingress_settings,
          index === 'api' ? 'ALLOW_ALL' : 'ALLOW_INTERNAL_ONLY',
        );
    });

    test(`${run}: only the invoker calls the others`, () => {
      const calls = grantsOf(runs[run]!).filter(({ kind }) => kind === 'cloud_run_v2_service');
      const prefix = functions(run)[0]!.values.name.replace(/-[^-]*$/, '');
      for (const { what, role, member } of calls.filter(({ member }) => member !== 'allUsers'))
        assert.deepEqual([what, role, member], [what, 'roles/run.invoker', `${prefix}-invoker`]);
      assert.equal(calls.length, functions(run).length);
    });

    test(`${run}: no account has a role on the project that could be narrower`, () => {
      for (const { kind, role, member, when } of grantsOf(runs[run]!)) {
        assert.doesNotMatch(role, /^roles\/(owner|editor|viewer|browser)$/, member);
        if (kind !== 'project' || /-github-(plan|apply)$/.test(member)) continue;
        if (role in single(run)) continue;
        assert.ok(role in onProject, `${member} has ${role} on the project`);
        assert.equal(when !== '', onProject[role]!.narrowed, `${member}'s ${role}${when}`);
      }
    });

    test(`${run}: every queue is there, and fits the function that serves it`, () => {
      const queues = of(run, 'google_cloud_tasks_queue');
      assert.deepEqual(queues.map((it) => it.index).sort(), [...queueNames].sort());
      const room = new Map(
        functions(run).map(
          ({
            index,
            values: {
              service_config: [it],
            },
          }) => [index, it.max_instance_count * it.max_instance_request_concurrency],
        ),
      );
      for (const { index, values } of queues) {
        const server = serves(String(index));
        const left = room.get(server)! - values.rate_limits[0].max_concurrent_dispatches;
        assert.ok(left >= 0, `${index} and its like ask more of ${server} than it has`);
        room.set(server, left);
      }
    });

    test(`${run}: FCM's quota holds whatever the chunks' sizes, and a campaign has 95 % of it`, () => {
      const rate = (queue: string) =>
        of(run, 'google_cloud_tasks_queue').find((it) => it.index === queue)!.values.rate_limits[0]
          .max_dispatches_per_second as number;
      const mostInAMinute = (perSecond: number) => 60 * perSecond + burstOf(perSecond);
      const [chunks, few] = [rate('send-fcm'), rate('send-fcm-now')];
      const quota = run === 'everything' ? 750_000 : 600_000;
      const most = CHUNK_SIZE * mostInAMinute(chunks) + FEW * mostInAMinute(few);
      assert.ok(most <= quota, `${most} a minute`);
      assert.ok(60 * CHUNK_SIZE * chunks >= 0.95 * quota, `${chunks} chunks a second`);
    });

    test(`${run}: every index of firestore.indexes.json is made`, async () => {
      const { indexes, fieldOverrides } = JSON.parse(
        await readFile('firestore.indexes.json', 'utf8'),
      );
      assert.equal(of(run, 'google_firestore_index').length, indexes.length);
      assert.equal(of(run, 'google_firestore_field').length, fieldOverrides.length);
      const expiring = of(run, 'google_firestore_field')
        .filter((it) => it.values.ttl_config.length > 0)
        .map(({ values: { collection, field } }) => `${collection}.${field}`);
      for (const collection of ['chunks', 'recipients', 'failures', 'idempotency'])
        assert.ok(expiring.includes(`${collection}.expireAt`), collection);
    });

    test(`${run}: a secret has the readers that mount it, and no others`, () => {
      const readers = grantsOf(runs[run]!)
        .filter(({ kind }) => kind === 'secret_manager_secret')
        .map(({ what, role, member }) => `${what} ${role} ${member}`);
      const mounts = functions(run).flatMap(
        ({
          values: {
            name,
            service_config: [it],
          },
        }) =>
          it.secret_volumes.map(
            ({ secret }: { secret: string }) =>
              `${secret} roles/secretmanager.secretAccessor ${name}`,
          ),
      );
      assert.deepEqual(readers.sort(), mounts.sort());
      for (const {
        index,
        values: {
          service_config: [it],
        },
      } of functions(run)) {
        assert.deepEqual(it.secret_environment_variables, []);
        if (!['api', 'send-apns', 'send-fcm'].includes(String(index)))
          assert.deepEqual(it.secret_volumes, [], `${index} needs no secret`);
      }
    });
  }
});

/** `shard` is the planner's, `…-now` is who sends the others. */
const serves = (queue: string) => (queue === 'shard' ? 'plan' : queue.replace(/-now$/, ''));

test('the numbers that the queues take from the code are those of the code', async () => {
  const number = async (file: string, name: string) =>
    Number(
      new RegExp(`\\b${name}\\s*=\\s*([\\d_]+)`)
        .exec(await readFile(file, 'utf8'))![1]!
        .replaceAll('_', ''),
    );
  const queues = 'infra/queues.tf';
  assert.equal(await number(queues, 'largest_chunk'), CHUNK_SIZE);
  assert.equal(await number(queues, 'largest_few'), FEW);
  const perSecond = 600_000 / 60;
  const script = await readFile('infra/gcloud.sh', 'utf8');
  const usual = (name: string) =>
    Number(new RegExp(`\\$\\{${name}:-([\\d.]+)\\}`).exec(script)![1]);
  assert.equal(usual('FCM_CHUNKS'), (0.95 * perSecond) / CHUNK_SIZE);
  assert.equal(usual('FCM_CHUNKS_NOW'), (0.04 * perSecond) / FEW);
  const text = await readFile(queues, 'utf8');
  for (const provider of providers) {
    const now = new RegExp(`send-${provider}-now = \\{.* concurrent = (\\d+) \\}`).exec(text)!;
    assert.equal(Number(now[1]), MOST_WOKEN, `${provider}: a wake for each slot`);
  }
  for (const [kind, file] of [
    ['pipeline', 'functions/entry/work.ts'],
    ['deliver', 'functions/entry/deliver.ts'],
  ] as const)
    assert.equal(
      Number(new RegExp(`${kind}\\s*= \\{ attempts = (\\d+)`).exec(text)![1]),
      await number(file, 'MAX_ATTEMPTS'),
    );
});
