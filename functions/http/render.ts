/** The call that shows the push of a message, for a device that need not exist. */

import * as z from 'zod';
import { defaultProvider, descriptionOf, providers } from '../model/provider/registry.ts';
import { renderRequestSchema } from '../model/schemas/push.ts';
import { renderSample } from '../pipeline/audience/render.ts';
import type { Ports } from '../ports/ports.ts';
import { faultSchema, renderedFields, renderedView } from './campaigns/rendered.ts';
import { call } from './core/call.ts';
import type { FieldsOf } from './core/json.ts';
import { answerProblem } from './core/problem.ts';
import { problemResponse } from './core/problem-response.ts';

const schema = z
  .object({
    provider: z.enum(providers).meta({ description: 'The provider that would send it.' }),
    language: z.string().nullable().meta({ description: 'Null: the default of the message.' }),
    warnings: z.array(faultSchema).meta({
      description: 'Parts of the message that this push leaves out, and variables without a value.',
    }),
    faults: z.array(faultSchema).meta({
      description: 'For these it could not be sent, such as a payload that is too large.',
    }),
    ...renderedFields,
  })
  .meta({ id: 'RenderedMessage' });
export type RenderedMessage = z.output<typeof schema>;

export const renderCall = (ports: Ports) =>
  call({
    method: 'post',
    path: '/v1/messages:render',
    operationId: 'renderMessage',
    summary: 'Show the push of a message',
    description:
      'For a platform, a language, a provider and sample attributes: the headers and the payload, ' +
      'their bytes, and what cannot be carried. Nothing is sent or stored, and no installation is ' +
      'needed. `TOKEN` stands for the token. A badge that counts up is shown as its increment.',
    scopes: ['read', 'campaigns'],
    takes: { body: renderRequestSchema },
    responses: {
      200: {
        description: 'The push, also if it has faults.',
        content: { 'application/json': { schema } },
      },
      422: problemResponse(422, 'The app has no credentials for that provider.'),
    },
    async handle({ body }, c) {
      const found = await renderSample(ports, body);
      if (found === null) {
        const { title } = descriptionOf(body.provider ?? defaultProvider(body.platform));
        const message = `"${body.app}" has no credentials for ${title}`;
        return answerProblem(c, 'refused', 'The message cannot be shown.', {
          faults: [{ path: 'app', message }],
        });
      }
      const { provider, language, warnings, faults, rendered } = found;
      return c.json({
        provider,
        language,
        warnings,
        faults,
        ...renderedView(rendered),
      } satisfies FieldsOf<typeof schema>);
    },
  });
