/** Whatever reads text from outside takes time linear in it, however hostile the text is. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEvents, type ServerEvent } from '../../functions/cli/client/server-events.ts';
import { prove } from '../../functions/http/triggers/proof.ts';
import { readLines } from '../../functions/import/lines.ts';
import { nameFault, nameReaders } from '../../functions/import/names.ts';
import { readRow } from '../../functions/import/read-row.ts';
import { csvRows, ndjsonRows } from '../../functions/import/rows.ts';
import { quoted, redact } from '../../functions/lib/redact.ts';
import { parseRetryAfter } from '../../functions/lib/retry-after.ts';
import { matches } from '../../functions/model/audience/matches.ts';
import { misspelt, templateOf, templateOfJson } from '../../functions/model/message/template.ts';
import { fill, segmentsOf, templateFaults } from '../../functions/model/ping-template.ts';
import { audienceSchema } from '../../functions/model/schemas/audience.ts';
import { messageSchema } from '../../functions/model/schemas/message.ts';
import { registrationSchema } from '../../functions/model/schemas/registration.ts';
import { scheduleRequestSchema } from '../../functions/model/schemas/schedule.ts';
import { readPing } from '../../functions/pipeline/inbound/ping.ts';
import { classifyApns } from '../../functions/providers/apns/reasons.ts';
import { classifyFcm } from '../../functions/providers/fcm/errors.ts';
import { createFixture } from '../http/fixture.ts';
import { assertLinear } from './linear.ts';

const NOW = Date.UTC(2026, 10, 28);
const LONGEST = 256 * 1024;

/** What is repeated: marks of every grammar that is read here. */
const bits = [
  ...'{{| {{ { }} | "" " "," "a ; . - _ : = , \\ \\n ~ % %41 [ ] [1] ( ) && || ! \' a a. a- 1 1.'.split(
    ' ',
  ),
  ..."1-1 */ 9 x 'a'in @ # + < >= ü \u{1F514} \\ud83d /".split(' '),
  ...[' ', '\t', '\n', ' a', ' |', '\r\n', '\0', ' || '],
];
/** Where what matters is the pieces it comes in. */
const few = ['a', ' ', '\r', '\n', 'a: '];

interface Options {
  begins?: string[];
  longest?: number;
  repeated?: string[];
}

/** Reads each bit repeated, behind each of these beginnings. */
async function reads(
  read: (text: string) => unknown,
  { begins = [''], longest = LONGEST, repeated = bits }: Options = {},
) {
  for (const begin of begins)
    for (const bit of repeated)
      try {
        await assertLinear(
          (size) => begin + bit.repeat(Math.max(1, size / bit.length)),
          read,
          longest,
        );
      } catch (error) {
        throw new Error(`${JSON.stringify(begin)} and ${JSON.stringify(bit)} repeated`, {
          cause: error,
        });
      }
}

async function* bodyOf(text: string, size = 64 * 1024) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function drain(all: AsyncIterable<unknown>) {
  try {
    for await (const it of all) assert.ok(it);
  } catch (error) {
    assert.equal((error as Error).constructor.name, 'FileFault');
  }
}

test('templates', async () => {
  const begins = ['', '{{', '{{a|', '{{ a', '{{a|b'];
  await reads((text) => [templateOf(text), misspelt(text)], { begins });
  await reads((text) => templateOfJson(JSON.stringify(text)), { begins });
});

test('messages', async () => {
  await reads(
    (text) =>
      messageSchema.safeParse({
        title: text,
        data: { [text]: text, a: text },
        collapseId: text,
        sound: text,
        imageUrl: `https://a.example/${text}`,
        badge: text,
        analyticsLabel: text,
        apns: { payload: { [text]: [text] } },
        localized: { [text]: { title: text } },
      }),
    { begins: ['', '{{a|'] },
  );
});

test('audiences: conditions, versions, languages, times', async () => {
  await reads((text) => audienceSchema.safeParse({ condition: text }), {
    begins: ['', "'a' in ", "'a' in topics "],
    repeated: [
      ...bits,
      "'a' in topics && ",
      "|| 'a' in topics ",
      '!(',
      '! ',
      "&& ('a' in topics) ",
    ],
  });
  await reads((text) => audienceSchema.safeParse({ appVersion: text }), { begins: ['', '>=1.'] });
  await reads((text) =>
    audienceSchema.safeParse({
      topic: text,
      language: text,
      timeZone: text,
      country: text,
      tags: text,
      lastSeen: { after: text },
      tokens: [text],
      installationIds: [text],
      segment: text,
      attributes: { [text]: text },
    }),
  );
  const device = { id: 'a', platform: 'ios', token: 'a', attributes: {} } as const;
  await reads(
    (text) =>
      matches({ appVersion: '>=1' }, { ...device, tags: [], appVersion: text, refreshedAt: 0 }),
    { begins: ['', '1.2.3-'] },
  );
});

test('schedules: cron and time zones', async () => {
  const campaign = { name: 'a', audience: { tags: 'a' }, message: { title: 'a' } };
  await reads((cron) => scheduleRequestSchema.safeParse({ name: 'a', cron, campaign }), {
    begins: ['', '0 9 * * ', '*/5 '],
  });
  await reads((timeZone) =>
    scheduleRequestSchema.safeParse({ name: 'a', cron: '0 9 * * *', timeZone, campaign }),
  );
});

test('pings: JSON, paths, templates, proofs', async () => {
  await reads((text) => readPing(Buffer.from(text)), { begins: ['', '{"a":', '"', '['] });
  await reads((text) => [segmentsOf(text), templateFaults({ a: text }, 'message')], {
    begins: ['', '{{a', 'a['],
  });
  await reads(
    (text) =>
      fill({ a: '{{x}}', b: '{{x}} {{x}}' }, 'message', { x: text }) &&
      fill({ condition: "'{{x}}' in topics", appVersion: '{{x}}' }, 'audience', { x: text }),
  );
  const secret = 'a secret of sixteen and more';
  const body = Buffer.from('{}');
  for (const proof of [
    { kind: 'github', secret },
    { kind: 'stripe', secret, toleranceSeconds: 300 },
    { kind: 'standard', secret: `whsec_${'a'.repeat(32)}`, toleranceSeconds: 300 },
    { kind: 'token', in: 'header', name: 'x', hash: 'a'.repeat(64) },
  ] as const)
    await reads((text) => prove(proof, { body, header: () => text, query: () => text }, NOW), {
      begins: ['', 'sha256=', 't=1,v1=', 'Bearer '],
    });
});

test('files: lines, CSV, NDJSON and names', async () => {
  const header = 'id,platform,token\n';
  await reads((text) => drain(csvRows(readLines(bodyOf(text)))), { begins: ['', header, '"'] });
  await reads((text) => drain(ndjsonRows(readLines(bodyOf(text)))), { begins: ['', '{"id":"'] });
  await reads((text) => drain(readLines(bodyOf(text, 64))), { repeated: few });
  for (const namesOf of nameReaders.values())
    await reads((text) => drain(namesOf(readLines(bodyOf(text)), 'userIds')), {
      begins: ['', 'userId\n', '"'],
    });
});

test('a header of many columns, and their rows', async () => {
  await assertLinear(
    (size) => {
      const names = Array.from({ length: size / 8 }, (_, n) => `attributes.${n}`);
      return `id,platform,token,${names}\n${`a,ios,a,${names}\n`.repeat(3)}`;
    },
    (text) => drain(csvRows(readLines(bodyOf(text)))),
    32 * 1024,
  );
  await assertLinear(
    (size) => Object.fromEntries(Array.from({ length: size }, (_, n) => [`attributes.${n}`, 'x'])),
    (row) => readRow({ id: 'a', platform: 'ios', token: 'a', ...row }, undefined, NOW),
    64 * 1024,
  );
});

test('cells of a row, names and registrations', async () => {
  await reads(
    (text) =>
      readRow(
        {
          id: text,
          platform: text,
          token: text,
          language: text,
          timeZone: text,
          country: text,
          appVersion: text,
          userId: text,
          tags: text,
          attributes: text,
          refreshedAt: text,
          optedOut: text,
          environment: text,
          provider: text,
          [text]: text,
        },
        undefined,
        NOW,
      ),
    { begins: ['', '{"a":', '[', '2026-11-28'] },
  );
  await reads((text) => [nameFault('userIds', text), nameFault('tokens', text)]);
  await reads((text) =>
    registrationSchema.safeParse({
      app: text,
      platform: 'ios',
      token: text,
      language: text,
      timeZone: text,
      country: text,
      appVersion: text,
      userId: text,
      tags: [text],
      attributes: { [text]: text },
    }),
  );
});

test('answers of providers, and what is logged of anything', async () => {
  await reads((text) => parseRetryAfter(text, NOW), { begins: ['', '1', 'Sun, '] });
  await reads((text) => [classifyFcm(400, text, text, NOW), classifyApns(400, text, text, NOW)], {
    begins: ['', '{"error":{"message":"not a valid', '{"reason":"'],
  });
  await reads((text) => [quoted(text), redact(text)], {
    begins: ['', 'Bearer ', '-----BEGIN ', 'volley_', 'whsec_', 'a'],
  });
});

test('server-sent events, whatever pieces they come in', async () => {
  const read = async (text: string) => {
    const all: ServerEvent[] = [];
    for await (const it of readEvents(bodyOf(text, 64))) all.push(it);
  };
  await reads(read, { begins: ['data: '], repeated: few, longest: 4 * LONGEST });
});

test('headers, queries and addresses of calls', async (t) => {
  const { api, key } = await createFixture(t);
  const Authorization = `Bearer ${key}`;
  // Node takes 16 KiB of headers
  const longest = 64 * 1024;
  const ask = async (path: string, headers: Record<string, string> = {}) =>
    (await api.request(path, { headers: { Authorization, ...headers } })).text();
  for (const name of [
    ...['Authorization', 'X-Forwarded-For', 'Idempotency-Key', 'Last-Event-ID', 'Cookie'],
    ...['Content-Type', 'Accept', 'X-Serverless-Authorization', 'Range', 'If-None-Match'],
  ])
    await reads((text) => ask('/v1/campaigns', { [name]: text.replaceAll(/[^\x20-\x7e]/g, '?') }), {
      longest,
    });
  for (const begin of ['/v1/campaigns?after=', '/v1/installations/', '/v1/campaigns/a:', '/'])
    await reads((text) => ask(begin + text.replaceAll(/[^\x21-\x7e]/g, '%20')), { longest });
});
