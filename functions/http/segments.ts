/** The calls of segments: audiences that are saved under a name. */

import type { Context } from 'hono';
import * as z from 'zod';
import { rfc3339 } from '../lib/rfc3339.ts';
import { said } from '../model/audience/everybody.ts';
import type { Scope } from '../model/key.ts';
import { segmentAudience, segmentName } from '../model/schemas/audience.ts';
import { registrationSchema } from '../model/schemas/registration.ts';
import type { Segment } from '../model/segment.ts';
import type { Ports } from '../ports/ports.ts';
import { type Call, call } from './core/call.ts';
import { type FieldsOf, pageOf, pageQuery } from './core/json.ts';
import { answerProblem } from './core/problem.ts';
import { problemResponse } from './core/problem-response.ts';

const MAY_LOOK: Scope[] = ['read', 'campaigns'];

const { app } = registrationSchema.shape;
const params = z.strictObject({ name: segmentName });
const query = z.strictObject({ app });

const segmentSchema = z
  .object({
    app: z.string(),
    name: z.string(),
    audience: segmentAudience,
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Segment' });
const segmentView = (it: Segment) =>
  ({
    app: it.app,
    name: it.name,
    audience: said(it.audience),
    updatedAt: rfc3339(it.updatedAt),
  }) satisfies FieldsOf<typeof segmentSchema>;
export type SegmentView = ReturnType<typeof segmentView>;

const segmentResponse = (description: string) => ({
  description,
  content: { 'application/json': { schema: segmentSchema } },
});

const NO_SEGMENT = problemResponse(404, 'The app has no such segment.');

const missing = (c: Context, app: string, name: string) =>
  answerProblem(c, 'not-found', `There is no segment "${name}" of the app "${app}".`, {
    next: 'Check the name, and the app in the query; GET /v1/segments lists all.',
  });

export function segmentCalls(ports: Ports): Call[] {
  return [
    listSegmentsCall(ports),
    putSegmentCall(ports),
    getSegmentCall(ports),
    removeSegmentCall(ports),
  ];
}

const listSegmentsCall = ({ store }: Ports) =>
  call({
    method: 'get',
    path: '/v1/segments',
    operationId: 'listSegments',
    summary: 'List the segments of an app, by name',
    scopes: MAY_LOOK,
    takes: {
      query: pageQuery(64).extend({ app }),
    },
    responses: { 200: pageOf(segmentSchema) },
    async handle({ query: { app, after, limit } }, c) {
      const { items, next } = await store.listSegments(app, after ?? null, limit);
      return c.json({ items: items.map(segmentView), next });
    },
  });

const putSegmentCall = ({ store, now }: Ports) =>
  call({
    method: 'put',
    path: '/v1/segments/{name}',
    operationId: 'putSegment',
    summary: 'Save a segment',
    description:
      'Replaces an earlier one. A campaign that names the segment uses it as it is when the campaign ' +
      'is accepted; later changes do not matter.',
    scopes: ['campaigns'],
    takes: { params, query, body: z.strictObject({ audience: segmentAudience }) },
    responses: { 200: segmentResponse('As it is saved.') },
    async handle({ params: { name }, query: { app }, body: { audience } }, c) {
      const it = { app, name, audience, updatedAt: now() };
      await store.putSegment(it);
      return c.json(segmentView(it));
    },
  });

const getSegmentCall = ({ store }: Ports) =>
  call({
    method: 'get',
    path: '/v1/segments/{name}',
    operationId: 'getSegment',
    summary: 'Look at a segment',
    scopes: MAY_LOOK,
    takes: { params, query },
    responses: { 200: segmentResponse('The segment.'), 404: NO_SEGMENT },
    async handle({ params: { name }, query: { app } }, c) {
      const it = await store.getSegment(app, name);
      return it ? c.json(segmentView(it)) : missing(c, app, name);
    },
  });

const removeSegmentCall = ({ store }: Ports) =>
  call({
    method: 'delete',
    path: '/v1/segments/{name}',
    operationId: 'removeSegment',
    summary: 'Remove a segment',
    description: 'Campaigns that named it are not affected.',
    scopes: ['campaigns'],
    takes: { params, query },
    responses: { 204: { description: 'It is gone.' }, 404: NO_SEGMENT },
    async handle({ params: { name }, query: { app } }, c) {
      return (await store.deleteSegment(app, name)) ? c.body(null, 204) : missing(c, app, name);
    },
  });
