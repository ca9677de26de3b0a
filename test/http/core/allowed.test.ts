/** Where only a few values are allowed, a fault lists them: in every request that is described. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import type { Problem } from '../../../functions/http/core/problems.ts';
import { validate } from '../../../functions/lib/faults.ts';
import type { Document } from '../described.ts';
import { createFixture, jsonOf } from '../fixture.ts';
import { placesIn, type Schema } from '../schema-places.ts';

/** Values of several types: what is meant must not be guessed from a type that fits. */
const WRONG = ['nonsense', 12.5, true, { nonsense: 1 }, null];

test('a fault lists what is allowed, in every body and query that is described', async (t) => {
  const { api, ask } = await createFixture(t);
  const { paths, components } = await jsonOf<Document>(await api.request('/openapi.json'));
  const schemas = components.schemas as Record<string, Schema>;
  const found = new Set<string>();
  for (const [path, methods] of Object.entries(paths))
    for (const [method, { operationId, requestBody, parameters = [] }] of Object.entries(methods)) {
      const address = path.replaceAll(/{\w+}/g, '0123456789abcdef');
      const told = async (query: string, body?: unknown) => {
        const response = await ask(method.toUpperCase(), address + query, body);
        return response.status === 400 ? ((await jsonOf<Problem>(response)).faults ?? []) : [];
      };
      const body = requestBody?.content['application/json']?.schema;
      for (const it of body ? placesIn(body as Schema, schemas) : []) {
        found.add(`${operationId} ${it.path}`);
        const isWrong = (one: unknown) =>
          one === null ? !it.takesNull : !it.allowed.includes(String(one));
        for (const wrong of WRONG.filter(isWrong)) {
          const faults = await told('', it.holding(wrong));
          const message = faults.find((one) => one.path === it.path)?.message ?? '';
          const what = `${operationId} ${it.path} ${JSON.stringify(wrong)}: ${JSON.stringify(faults)}`;
          for (const one of it.allowed) assert.ok(message.includes(one), what);
        }
      }
      for (const { name, schema } of parameters.filter((it) => it.in === 'query'))
        for (const { allowed } of placesIn(schema as Schema, schemas)) {
          found.add(`${operationId} ?${name}`);
          const faults = await told(`?${name}=nonsense`, body && {});
          const message = faults.find((it) => it.path === `query.${name}`)?.message ?? '';
          for (const one of allowed) assert.ok(message.includes(one), `${operationId} ${name}`);
        }
    }
  // a walk that finds nothing proves nothing
  for (const it of [
    'sendCampaign audience.platform',
    'sendCampaign audience.platform[0]',
    'sendCampaign audience.and[0].platform',
    'sendCampaign audience.everybody',
    'sendCampaign audience.unregistered.environment',
    'sendCampaign message.apns.pushType',
    'sendCampaign message.apns.priority',
    'addSchedule campaign.message.priority',
    'addSchedule missed',
    'putTrigger proof.kind',
    'putTrigger proof.in',
    'addWebhook types[0]',
    'addWebhook format',
    'createKey scopes[0]',
    'putInstallation platform',
    'changeInstallation provider',
    'importInstallations ?dryRun',
    'uploadAudience ?of',
  ])
    assert.ok(found.has(it), `${it} of ${[...found].join(', ')}`);
});

const told = (schema: z.ZodType, value: unknown) => {
  const it = validate(schema, value);
  return 'faults' in it ? it.faults.map(({ path, message }) => `${path}: ${message}`) : [];
};

test('whatever kind of schema it is, the fault lists what is allowed', () => {
  const color = z.enum(['red', 'green']);
  const several: [z.ZodType, unknown, string][] = [
    [color, 'blue', ': must be one of red, green'],
    [z.object({ color }), {}, 'color: is missing: one of red, green expected'],
    [color.nullable(), 'blue', ': must be one of red, green'],
    [z.literal('red'), 'blue', ': must be red'],
    [z.literal([1, 2]), 3, ': must be one of 1, 2'],
    [z.literal(true, 'must be on'), false, ': must be on'],
    [z.union([z.literal(1), z.literal(2)]), 3, ': must be one of 1, 2'],
    [z.union([z.literal(1), z.literal(2)]), 'x', ': must be one of 1, 2'],
    [z.union([color, z.number()]), true, ': must be one of red, green or number'],
    [z.union([color, z.array(color)]), 'blue', ': must be one of red, green'],
    [z.union([color, z.array(color)]), ['red', 'blue'], '[1]: must be one of red, green'],
    [z.union([color, z.array(color)]), 3, ': must be one of red, green or array'],
    [z.union([color, z.literal('blue')]), 'x', ': must be one of red, green, blue'],
    [z.union([z.union([color, z.literal(1)]), z.boolean()]), 'x', ': must be one of red, green, 1'],
    [
      z.record(color, z.number()),
      { red: 1, green: 2, blue: 3 },
      'blue: is unknown: must be one of red, green',
    ],
    [
      z.partialRecord(color, z.number()),
      { blue: 3 },
      'blue: is unknown: must be one of red, green',
    ],
    [z.record(z.string(), color), { a: 'blue' }, 'a: must be one of red, green'],
    [z.string().or(z.number()), true, ': must be string or number'],
    [z.object({ it: z.string().or(z.number()) }), {}, 'it: is missing: string or number expected'],
  ];
  for (const [schema, value, fault] of several)
    assert.deepEqual(told(schema, value), [fault], JSON.stringify(value));
});

test('for objects with a discriminator the fault lists its values, then the fields of that value', () => {
  const shape = z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('circle'), size: z.enum(['small', 'large']) }),
    z.strictObject({ kind: z.literal(['square', 'line']) }),
  ]);
  for (const [value, fault] of [
    [{ kind: 'star' }, 'kind: must be one of circle, square, line'],
    [{ kind: null }, 'kind: must be one of circle, square, line'],
    [{}, 'kind: is missing: one of circle, square, line expected'],
    [{ kind: 'circle', size: 'huge' }, 'size: must be one of small, large'],
    ['star', ': expected object, received string'],
  ] as const)
    assert.deepEqual(told(shape, value), [fault]);
  const or = z.union([z.string(), shape]);
  assert.deepEqual(told(or, { kind: 'star' }), ['kind: must be one of circle, square, line']);
});
