import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createClient } from '../../functions/cli/client/client.ts';
import { watchCampaign } from '../../functions/cli/watch.ts';
import { waitText } from '../../functions/cli/waves.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';

const NOW = Date.parse('2026-12-23T18:00Z');
const none = {
  recipients: 0,
  accepted: 0,
  failed: 0,
  skipped: 0,
  pending: 0,
  skippedBy: undefined,
};
const sent = (recipients: number, failed = 0) => ({
  ...none,
  recipients,
  accepted: recipients - failed,
  failed,
});

type Wave = NonNullable<CampaignView['waves']>[number];

const waveAt = (hour: string, rest: Partial<Wave> = {}): Wave => ({
  at: `2026-12-${hour}:00.000Z`,
  of: 'zones',
  zones: [],
  held: false,
  late: false,
  state: 'waiting',
  expected: 1_000,
  counts: none,
  ...rest,
});

const first = waveAt('23T19:00', { zones: ['Pacific/Kiritimati'], expected: 0 });
const second = waveAt('24T08:00', {
  zones: ['Europe/Berlin', 'Europe/Paris', 'Europe/Rome', 'Europe/Vienna'],
});
const third = waveAt('24T14:00', { of: 'others', expected: 500 });
const { expected: _, ...movers } = waveAt('24T14:00', { of: 'movers' });

const view = (rest: object) =>
  ({
    id: '3f1c9a0b5d7e2c4a6b80',
    state: 'running',
    reason: null,
    counts: none,
    schedule: { local: '2026-12-24T09:00', late: 'now' },
    ...rest,
  }) as CampaignView;

const inWaves = (waves: Wave[], rest: object = {}) => {
  const counts = { ...none };
  for (const name of ['recipients', 'accepted', 'failed', 'skipped', 'pending'] as const)
    counts[name] = waves.reduce((sum, it) => sum + it.counts[name], 0);
  return view({ waves: [...waves, movers], counts, ...rest });
};

const end: Wave[] = [
  { ...first, state: 'done', counts: sent(3, 1) },
  { ...second, state: 'done', counts: sent(1_010, 10) },
  third,
];
/** A campaign in Kiritimati, then in Berlin and others, then elsewhere. */
const course = [
  view({ state: 'scheduled' }),
  inWaves([first, second, third]),
  inWaves([
    { ...first, state: 'sending', counts: { ...sent(3), accepted: 1, pending: 2 } },
    second,
    third,
  ]),
  inWaves([{ ...first, state: 'done', counts: sent(3, 1) }, second, third]),
  // begun and done between two looks
  inWaves(end),
  inWaves(end, { state: 'paused', reason: 'paused by ada' }),
];

/** What is written while these come, one after another. */
async function watched(views: CampaignView[], isTTY = false) {
  const events = views.map((it) => `event: campaign\ndata: ${JSON.stringify(it)}\n\n`).join('');
  const headers = { 'content-type': 'text/event-stream' };
  const client = createClient(
    'http://volley.test',
    null,
    async () => new Response(events, { headers }),
  );
  let text = '';
  const write = (it: string | Uint8Array) => {
    text += it;
    return true;
  };
  // plain lines come every two seconds at most
  let now = NOW - 3_000;
  const output = { write, isTTY, columns: 80 };
  await watchCampaign(client, '3f1c9a0b5d7e2c4a6b80', output, { now: () => (now += 3_000) });
  return text;
}

suite('watch', () => {
  test('what a campaign waits for is said first, then each wave as it comes', async () => {
    assert.deepEqual((await watched(course)).trimEnd().split('\n'), [
      'scheduled: each device is sent to when its own clock shows 2026-12-24 09:00. The',
      '  first clock of the world does in 60 minutes, at 2026-12-23 19:00 UTC. How many',
      '  waves there are is known then',
      'Ctrl+C ends only this view; to see it again: volley watch 3f1c9a0b5d7e2c4a6b80',
      'running: 3 waves, about 1,500 devices in all. The first begins in 60 minutes, at',
      '  2026-12-23 19:00 UTC, in Pacific/Kiritimati, few devices; the last at',
      '  2026-12-24 14:00 UTC',
      '0% of about 1,500  next 19:00 UTC  accepted 0  failed 0',
      'wave 1 of 3, 2026-12-23 19:00 UTC, Pacific/Kiritimati: begins, few devices',
      '0% of about 1,503  accepted 1  failed 0',
      'wave 1 of 3, 2026-12-23 19:00 UTC, Pacific/Kiritimati: accepted 2 of 3, failed 1',
      '0% of about 1,503  next 08:00 UTC  accepted 2  failed 1',
      'wave 2 of 3, 2026-12-24 08:00 UTC, Europe/Berlin, Europe/Paris and 2 more:',
      '  accepted 1,000 of 1,010, failed 10',
      '66% of about 1,513  next 14:00 UTC  accepted 1,002  failed 11',
    ]);
  });

  test('the lines stay above the bar of a terminal, and fit in 80 columns', async () => {
    const shown = screenOf(await watched(course, true));
    assert.equal(shown.length, 12);
    assert.ok(
      shown.every((it) => it.length <= 80),
      shown.join('\n'),
    );
    assert.match(shown[7]!, /^wave 1 of 3, .*: begins, few devices$/);
    assert.match(shown.at(-1)!, /^█+░+ 66% of about 1,513 {2}next 14:00 UTC/);
  });

  test('one that is joined in the middle says what is left, and a plain one when it begins', () => {
    const done = { ...first, state: 'done' as const, counts: sent(3) };
    assert.equal(
      waitText(inWaves([done, second, third]), Date.parse('2026-12-23T20:00Z'))?.replaceAll(
        /\s+/g,
        ' ',
      ),
      'running: 1 of 3 waves are done, about 1,500 devices are left. The next begins in 12 hours, at 2026-12-24 ' +
        '08:00 UTC, in Europe/Berlin, Europe/Paris and 2 more, about 1,000 devices; the last at 2026-12-24 14:00 UTC',
    );
    const busy = { ...first, state: 'sending' as const };
    assert.equal(waitText(inWaves([busy, second, third]), NOW), null);
    const plain = view({ state: 'scheduled', schedule: { at: '2026-12-27T09:30:00.000Z' } });
    assert.equal(waitText(plain, NOW), 'scheduled: it begins in 4 days, at 2026-12-27 09:30 UTC');
    assert.equal(waitText(view({ schedule: undefined }), NOW), null);
    const late = waitText(view({ state: 'scheduled' }), Date.parse('2026-12-23T20:00Z'));
    assert.match(
      late!.replaceAll(/\s+/g, ' '),
      /Some clocks have shown it already, so it begins now\./,
    );
  });
});

/** The lines of a screen on which that was written: cursors go to a column, lines are cleared. */
function screenOf(written: string): string[] {
  const lines = [''];
  for (const [part] of written.matchAll(
    /\x1b\[\d*G|\x1b\[\d*K|\x1b\[\?\d+[lh]|\x1b[78]|\n|[^\x1b\n]+/g,
  )) {
    if (part === '\n') lines.push('');
    else if (part.startsWith('\x1b')) {
      if (/[GK]$/.test(part))
        lines[lines.length - 1] = part.endsWith('G') || part === '\x1b[2K' ? '' : lines.at(-1)!;
    } else lines[lines.length - 1] += part;
  }
  return lines.filter((it) => it !== '');
}
