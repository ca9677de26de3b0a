/** The call that lists what an installation was sent. */

import * as z from 'zod';
import { installationId, registrationSchema } from '../../model/schemas/registration.ts';
import { pushesTo } from '../../pipeline/why/pushes.ts';
import type { Ports } from '../../ports/ports.ts';
import { pushSchema, pushView } from '../campaigns/why-view.ts';
import { call } from '../core/call.ts';
import { pageOf, pageQuery } from '../core/json.ts';
import { answerProblem } from '../core/problem.ts';
import { problemResponse } from '../core/problem-response.ts';

export const pushesCall = (ports: Ports) =>
  call({
    method: 'get',
    path: '/v1/installations/{id}/pushes',
    operationId: 'listPushes',
    summary: 'List the campaigns and messages that an installation was sent',
    description:
      'The newest first, each with its outcome and what to do. A page looks through at most 200 ' +
      'campaigns of the app, so it may be short, or empty, while `next` leads on. It has no topics, ' +
      'and nothing that named another user of the device.',
    scopes: ['read'],
    takes: {
      params: z.strictObject({ id: installationId }),
      query: pageQuery(512).extend({ app: registrationSchema.shape.app }),
    },
    responses: {
      200: pageOf(pushSchema),
      404: problemResponse(404, 'The app has no such installation, and sent nothing to it.'),
    },
    async handle({ params: { id }, query: { app, after = null, limit } }, c) {
      const page = await pushesTo(ports, { app, installationId: id, after, limit });
      if (page) return c.json({ items: page.items.map(pushView), next: page.next });
      return answerProblem(
        c,
        'not-found',
        `The app "${app}" has no installation "${id}", and sent nothing to it.`,
        { next: 'Check the id, and the app in the query. Of what was erased nothing is known.' },
      );
    },
  });
