import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel } from '../../functions/pipeline/control/control.ts';
import { type Report, report, reportText } from '../../functions/pipeline/report.ts';
import { campaignOf } from '../contracts/store-fixture.ts';
import { accepted } from './script.ts';
import { createWorld, NOW } from './world.ts';

test('the report says what became of everybody, in the form teams post to chat', async (t) => {
  const world = createWorld(t);
  await world.people(1200, (n) => ({
    language: 'de',
    token: `${String(n).padStart(6, '0')}-secret-secret-secret-${String(n).padStart(4, '0')}`,
  }));
  world.script.answer = ({ installationId }) => {
    world.clock.now += 2;
    const n = Number(installationId.slice(7));
    if (n < 3) return { kind: 'rejected', reason: 'INVALID_ARGUMENT' };
    if (n === 3) return { kind: 'unregistered', reason: 'UNREGISTERED', since: null };
    return accepted;
  };
  const audience = { language: ['de'], platform: ['android' as const], tags: {} };
  const id = await world.send({ audience });
  const made = (await report(world.ports, id))!;
  assert.equal(made.pending, 0);
  assert.equal(made.ledgerClosed, true);
  const reasons = made.reasons.map((it) => [it.reason, it.count]);
  assert.deepEqual(reasons, [
    ['INVALID_ARGUMENT', 3],
    ['UNREGISTERED', 1],
  ]);
  assert.equal(made.examples.length, 3, 'two of a reason at most');
  const text = reportText(made);
  assert.ok(!text.includes('secret'), 'no token is whole');
  const shown = (reason: string) =>
    made.examples
      .filter((it) => it.reason === reason)
      .map((it) => `${it.token.slice(0, 6)}…${it.token.slice(-4)}`)
      .join('  ');
  assert.equal(
    text,
    `Campaign       Autumn (${id})
Title          Hallo
Audience       language de · platform android
State          completed
Installations  1,200
Accepted       1,196 by FCM
Failed         4
Pruned         1 UNREGISTERED
Duration       2.4 s
Rate           ${made.perSecond} pushes/s
Ledger         closed

Failures by reason
          3  INVALID_ARGUMENT         ${shown('INVALID_ARGUMENT')}
          1  UNREGISTERED             ${shown('UNREGISTERED')}
`,
  );
  assert.equal(await report(world.ports, 'nothing'), null);
});

test('of a campaign under way it says what is pending, and why it waits', async (t) => {
  const world = createWorld(t);
  await world.people(1000);
  world.script.answer = ({ index }) =>
    index < 200 ? accepted : { kind: 'blocked', reason: 'THIRD_PARTY_AUTH_ERROR' };
  const id = await world.send();
  world.clock.now = NOW + 90_000;
  const made = (await report(world.ports, id))!;
  assert.deepEqual([made.pending, made.ledgerClosed, made.seconds], [800, false, 90]);
  const text = reportText(made);
  assert.match(text, /^State +paused: THIRD_PARTY_AUTH_ERROR$/m);
  assert.match(text, /^Pending +800$/m);
  assert.match(text, /^Duration +00:01:30$/m);
  assert.match(text, /^Ledger +open$/m);
  assert.doesNotMatch(text, /Failures/);
});

const plain: Report = {
  campaign: campaignOf({ state: 'completed', closedAt: NOW }),
  counts: { recipients: 0, accepted: 0, failed: 0, skipped: 0, reasons: {} },
  waves: [],
  canary: null,
  pending: 0,
  seconds: 0.04,
  perSecond: 0,
  reasons: [],
  pruned: [],
  examples: [],
  unread: 0,
  ledgerClosed: true,
  receipts: null,
  costUsd: 0,
};
test('the waves of a report fit in 80 columns', () => {
  const counts = { recipients: 12_345_678, accepted: 0, failed: 0, skipped: 0 };
  const wave = { at: NOW, isHeld: true, isLate: false, state: 'planning' as const, counts };
  const long = 'America/Argentina/ComodRivadavia';
  const text = reportText({
    ...plain,
    waves: [
      { ...wave, zones: { in: [long] } },
      { ...wave, zones: { in: [long, 'America/Argentina/Buenos_Aires', 'America/Bahia'] } },
      { ...wave, state: 'waiting', size: 9_876_543, zones: { in: [long] } },
      { ...wave, state: 'waiting', size: 0, zones: { in: [long] } },
    ],
  });
  const lines = text.split('\n').slice(-6);
  assert.deepEqual(lines, [
    'Waves (UTC), with their recipients; ~: about so many, before they are read',
    `  2026-11-21 13:00  planning  12,345,678  held  ${long}`,
    '  2026-11-21 13:00  planning  12,345,678  held  America/Bahia, 2 more',
    `  2026-11-21 13:00  waiting   ~9,876,543  held  ${long}`,
    `  2026-11-21 13:00  waiting          few  held  ${long}`,
    '',
  ]);
  for (const it of lines) assert.ok(it.length <= 80, it);
});

test('a campaign that reached no device says that its audience is empty', () => {
  const campaign = { ...plain.campaign, state: 'completed' as const };
  const counts = { ...plain.counts, recipients: 0, accepted: 0, failed: 0, skipped: 0 };
  assert.match(reportText({ ...plain, campaign, counts }), /^Installations +0: no device is in/m);
});

const line = (it: Partial<Report>, label: string) =>
  reportText({ ...plain, ...it })
    .split('\n')
    .find((text) => text.startsWith(label))
    ?.slice(label.length)
    .trim();

test('a campaign that waits for its time says when it begins, and no duration', () => {
  const campaign = campaignOf({ state: 'scheduled', schedule: { at: NOW } });
  assert.equal(line({ campaign }, 'State'), `scheduled: ${new Date(NOW).toISOString()}`);
  assert.equal(line({ campaign, seconds: null }, 'Duration'), undefined);
});

test('a report says which providers accepted, and that a dry run sent nothing', () => {
  const counts = { ...plain.counts, recipients: 2000, accepted: 2000 };
  const shown = (rest: Parameters<typeof campaignOf>[0]) =>
    line({ campaign: campaignOf(rest), counts }, 'Accepted');
  assert.equal(shown({}), '2,000 by APNs and FCM');
  assert.equal(shown({ trials: { apns: { acceptedAt: NOW } } }), '2,000 by APNs');
  const other = { by: 'another process', until: NOW };
  assert.equal(shown({ trials: { apns: other, fcm: { acceptedAt: NOW } } }), '2,000 by FCM');
  assert.equal(shown({ audience: { topic: 'news' } }), '2,000 by FCM');
  assert.equal(shown({ dryRun: true }), '2,000 by FCM, in a dry run: nothing was sent');
  assert.equal(line({}, 'Accepted'), '0');
});

test('nothing is said of the time of what never began, or of the rate of one push', async (t) => {
  const world = createWorld(t);
  await world.people(1);
  const at = NOW + 60_000;
  const cancelled = await world.campaign({ schedule: { at } });
  world.clock.now += 20_000;
  await cancel(world.ports, cancelled, 'a person');
  const first = (await report(world.ports, cancelled))!;
  assert.deepEqual([first.seconds, first.perSecond], [null, null]);
  assert.doesNotMatch(reportText(first), /Duration|Rate/);

  // its time begins with it, not when it was asked for
  const later = await world.campaign({ schedule: { at: at + 60_000 } });
  world.clock.now = at + 60_000;
  world.script.answer = () => {
    world.clock.now += 500;
    return accepted;
  };
  await world.run();
  const second = (await report(world.ports, later))!;
  assert.deepEqual(
    [second.counts.accepted, second.seconds, second.perSecond],
    [1, 0.5, null],
    reportText(second),
  );
  assert.doesNotMatch(reportText(second), /Rate/);
});

test('durations read as people say them', () => {
  const shown = [0.04, 12.34, 59.94, 59.96, 60, 3600, 5450.4].map((seconds) =>
    line({ seconds }, 'Duration'),
  );
  const expected = ['0.0 s', '12.3 s', '59.9 s', '00:01:00', '00:01:00', '01:00:00', '01:30:50'];
  assert.deepEqual(shown, expected);
});

test('audiences read as people say them, tokens are only counted', () => {
  const shown = (audience: Report['campaign']['audience']) =>
    line({ campaign: campaignOf({ audience }) }, 'Audience');
  assert.equal(shown({}), 'everybody');
  assert.equal(shown({ tokens: ['secret', 'secret2'] }), '2 tokens');
  assert.equal(
    shown({ tags: { any: ['a', 'b'], none: ['c'] }, userIds: ['u'] }),
    'tags any a, b · tags none c · userIds u',
  );
});

test('many reasons are cut, the most frequent are shown', () => {
  const reasons = Array.from({ length: 11 }, (_, n) => ({
    reason: `R${n}`,
    count: 100 - n,
    explained: null,
  }));
  const text = reportText({ ...plain, reasons });
  assert.match(text, /100 {2}R0\n/);
  assert.match(text, /R7\n {2}and 3 more\n$/);
});

test('what devices reported is in it, with an interval where only some report', () => {
  const counts = { ...plain.counts, recipients: 10_000, accepted: 9_000 };
  const receipts = {
    counts: { opened: 1_234, delivered: 160, dismissed: 0 },
    estimated: { about: 8_000, low: 6_865, high: 9_323, share: 0.02 },
  };
  assert.equal(line({ counts, receipts }, 'Delivered'), 'about 8,000 (6,865 to 9,323)');
  assert.equal(line({ counts, receipts }, 'Opened'), '1,234, 13.7 % of accepted');
  assert.equal(line({ counts, receipts }, 'Dismissed'), undefined);
  const all = { counts: { opened: 0, delivered: 7, dismissed: 2 }, estimated: null };
  assert.equal(line({ counts, receipts: all }, 'Delivered'), '7');
  assert.equal(line({ counts, receipts: all }, 'Dismissed'), '2');
  // at its end no device has opened it yet: a report for a chat says nothing of it
  const none = { counts: { opened: 0, delivered: 0, dismissed: 0 }, estimated: null };
  assert.equal(line({ counts, receipts: none }, 'Opened'), undefined);
  for (const text of reportText({ ...plain, counts, receipts }).split('\n'))
    assert.ok(text.length <= 80, text);
});
