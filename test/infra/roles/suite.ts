/** What each account may do, by the roles' real contents (roles.json, made by generate.ts). */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { grantsOf } from '../inventory.ts';
import type { Resource } from '../terraform.ts';
import { accounts, always, changes, reads } from './needs.ts';
import { permissionsInUse, rolesInUse } from './used.ts';

const known = JSON.parse(readFileSync('test/infra/roles/roles.json', 'utf8')) as {
  roles: Record<string, string[]>;
  permissions: string[];
};

/** Permissions that Google's smallest role for a purpose has in addition: they only list, or concern only our resources. */
const alsoHas = [
  /^resourcemanager\.projects\.(get|list)$/,
  // in datastore.user, held to our database by a condition
  /^(appengine\.applications\.get|datastore\.\w+\.\w+|databasesconsole\.\w+\.\w+)$/,
  // in the queues' roles, on our queues
  /^cloudtasks\.|^monitoring\.timeSeries\.list$/,
  // in serviceAccountUser, on one account
  /^iam\.serviceAccounts\.(get|list)$/,
  // in run.invoker, on our functions: jobs and instances there are none
  /^run\.(jobs\.run|instances\.invoke)$/,
  // in pubsub.subscriber, on the subscription of dead letters
  /^pubsub\.(snapshots\.seek|topics\.attachSubscription)$/,
  // the build's, on its repository, its sources and the log
  /^artifactregistry\.|^storage\.(folders|managedFolders)\.(get|list)$|^logging\.logEntries\.route$/,
];

type Runs = () => Record<string, Resource[]>;

/** Registers the tests; `runs` gives the planned deployments. */
export function testRoles(names: string[], runs: Runs) {
  const all = (run: string) => runs()[run]!;
  /** permissions of a role: Google's from the dump, our own from the plan */
  const contents = (run: string, role: string): string[] => {
    const own = all(run).find(
      ({ type, values }) => type === 'google_project_iam_custom_role' && values.role_id === role,
    );
    const permissions = own?.values.permissions ?? known.roles[role];
    assert.ok(permissions, `${role} is not known`);
    return permissions;
  };
  const grantsTo = (run: string, account: RegExp) =>
    grantsOf(all(run)).filter(({ member }) => account.test(member));
  const may = (run: string, account: RegExp) =>
    new Set(grantsTo(run, account).flatMap(({ role }) => contents(run, role)));
  const typesOf = (run: string) => [
    ...new Set(
      all(run)
        .map(({ type }) => type)
        .filter((it) => it.startsWith('google_')),
    ),
  ];

  test('every role and permission that is named exists, and roles.json has no others', () => {
    assert.deepEqual(Object.keys(known.roles), rolesInUse());
    assert.deepEqual(known.permissions, permissionsInUse());
  });

  for (const run of names) {
    test(`${run}: each account may do what its code does, and nothing that was not thought of`, () => {
      for (const [account, needs] of Object.entries(accounts)) {
        const theirs = new RegExp(`^\\w+-${account}$`);
        const granted = may(run, theirs);
        const wanted = Object.entries(needs).filter(([what]) => isUsed(run, account, what));
        for (const [what, permissions] of wanted)
          for (const it of permissions) assert.ok(granted.has(it), `${account}: ${what}: ${it}`);
        const used = new Set(wanted.flatMap(([, permissions]) => permissions));
        const besides = [...granted].filter((it) => !used.has(it));
        assert.deepEqual(
          besides.filter((it) => !alsoHas.some((harmless) => harmless.test(it))),
          [],
          account,
        );
        for (const { role, what } of grantsTo(run, theirs))
          assert.ok(
            contents(run, role).some((it) => used.has(it)),
            `${account} does not need ${role} on ${what}`,
          );
      }
    });
  }
  /** Secrets and FCM are not in every deployment. */
  const isUsed = (run: string, account: string, what: string) => {
    if (what === 'secrets')
      return grantsTo(run, new RegExp(`-${account}$`)).some(({ kind }) => /secret/.test(kind));
    if (what === 'fcm') return all(run).some(({ name }) => name === 'fcm_sender');
    return true;
  };

  test('a plan can read all that it refreshes', () => {
    const granted = may('everything', /-github-plan$/);
    for (const type of typesOf('everything')) {
      assert.ok(reads[type], `${type}: what does a refresh read?`);
      for (const it of [...reads[type], ...always])
        assert.ok(granted.has(it), `${type}: a plan lacks ${it}`);
    }
  });

  test('a plan only looks, and at no contents', () => {
    for (const { role, what } of grantsTo('everything', /-github-plan$/))
      for (const it of contents('everything', role)) {
        const looks = /\.(get|list|getIamPolicy|getMetadata|getAttestationRules|use)$/.test(it);
        assert.ok(looks, `${role} on ${what}: ${it}`);
        assert.doesNotMatch(it, contentsOf);
        // the state and the source are what a plan is made of
        assert.ok(
          !it.startsWith('storage.objects.') || /state|source/.test(what),
          `${it} on ${what}`,
        );
      }
  });

  test('an apply can change what it is for, and has nothing beyond it but where it acts', () => {
    const granted = may('everything', /-github-apply$/);
    for (const [type, permissions] of Object.entries(changes))
      for (const it of permissions) assert.ok(granted.has(it), `${type}: an apply lacks ${it}`);
    const used = [...Object.values(changes), ...Object.values(reads), always].flat();
    for (const { kind, role, what } of grantsTo('everything', /-github-apply$/)) {
      for (const it of contents('everything', role)) {
        assert.doesNotMatch(it, contentsOf);
        assert.doesNotMatch(
          it,
          /setIamPolicy|(invoke|call|sourceCodeSet)$|^iam\.roles\.(?!get)/,
          role,
        );
        if (kind === 'project' && !role.startsWith('roles/'))
          assert.ok(used.includes(it) || it === 'datastore.schemas.list', `${it} is of no use`);
      }
      // acting as an account is granted for single accounts, never for a whole project
      assert.ok(role !== 'roles/iam.serviceAccountUser' || kind === 'service_account', what);
    }
  });

  test('where the apps are in another project, both read the role there and who has it', () => {
    for (const account of ['plan', 'apply']) {
      const there = all('everything')
        .filter(
          ({ type, values }) =>
            type === 'google_project_iam_member' && values.project === 'example-apps',
        )
        .map(({ name, index }) => `${name} ${index}`);
      assert.ok(there.includes(`github_fcm github-${account}`), account);
    }
  });
}

/** Permissions to read contents: documents, tasks, messages, logs, secrets. */
const contentsOf =
  /^datastore\.entities|^cloudtasks\.tasks|subscriptions\.consume|^logging\.(?!logMetrics)|versions\.access|getData$|getAccessToken|getOpenIdToken|signBlob/;
