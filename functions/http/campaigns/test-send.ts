/** A test: a campaign to people who are named, and what they are shown. */

import * as z from 'zod';
import type { Fault } from '../../lib/errors.ts';
import { namesPeople } from '../../model/audience/names.ts';
import { noCounts } from '../../model/campaign.ts';
import { forEachProvider, providers } from '../../model/provider/registry.ts';
import { campaignRequestSchema, NO_NAMES } from '../../model/schemas/campaign.ts';
import { accept, draft } from '../../pipeline/accept/accept.ts';
import { type Preview, preview } from '../../pipeline/audience/preview.ts';
import type { Ports } from '../../ports/ports.ts';
import { callerOf } from '../auth/authorize.ts';
import { call } from '../core/call.ts';
import type { FieldsOf } from '../core/json.ts';
import { answerProblem } from '../core/problem.ts';
import { problemResponse } from '../core/problem-response.ts';
import { faultSchema, renderedFields, renderedView } from './rendered.ts';
import { campaignSchema, campaignView } from './view.ts';

const recipientSchema = z.object({
  installationId: z.string(),
  provider: z.enum(providers).meta({ description: 'The provider that sends it.' }),
  language: z.string().nullable().meta({ description: 'Null: the default of the message.' }),
  warnings: z
    .array(faultSchema)
    .meta({ description: 'Parts of the message that this push leaves out.' }),
  ...forEachProvider(() =>
    z
      .object(renderedFields)
      .nullable()
      .meta({ description: 'Null unless this provider sends it, and without credentials.' }),
  ),
});

const testedSchema = z
  .object({
    // .nullable() would describe a null that is a campaign, too
    campaign: z.union([campaignSchema, z.null()]).meta({ description: 'Null on a dry run.' }),
    recipients: z
      .array(recipientSchema)
      .meta({ description: 'The first 20. A badge that counts up is shown as its increment.' }),
  })
  .meta({ id: 'Tested' });
export type TestedView = z.output<typeof testedSchema>;

const previewView = (it: Preview) =>
  ({
    installationId: it.installationId,
    provider: it.provider,
    language: it.language,
    warnings: it.lost,
    ...forEachProvider((provider) => {
      const rendered = it.rendered[provider];
      return rendered && renderedView(rendered);
    }),
  }) satisfies FieldsOf<typeof recipientSchema>;

export const testCall = (ports: Ports) =>
  call({
    method: 'post',
    path: '/v1/campaigns:test',
    operationId: 'testCampaign',
    summary: 'Send a test to named recipients',
    description:
      'Sends a campaign marked as a test. The answer shows the push of each recipient as its ' +
      'provider is sent it. With `dryRun` nothing is stored or sent.',
    scopes: ['campaigns'],
    takes: { body: campaignRequestSchema },
    responses: {
      200: {
        description: 'A dry run: the pushes as they would be sent.',
        content: { 'application/json': { schema: testedSchema } },
      },
      202: {
        description: 'Accepted; it is sent from there.',
        content: { 'application/json': { schema: testedSchema } },
      },
      422: problemResponse(422, 'It could never be sent, or it has no recipients.'),
    },
    async handle({ body }, c) {
      const refuse = (faults: Fault[]) =>
        answerProblem(c, 'refused', 'The test could not be sent.', { faults });
      if (!namesPeople(body.audience)) return refuse([{ path: 'audience', message: NO_NAMES }]);
      const request = { ...body, test: true };
      const { faults } = await draft(ports, request);
      if (faults.length > 0) return refuse(faults);
      const recipients = (await preview(ports, request)).map(previewView);
      if (recipients.length === 0)
        return refuse([
          { path: 'audience', message: 'has no recipients: the test would reach no device' },
        ]);
      if (body.dryRun) return c.json({ campaign: null, recipients });
      const accepted = await accept(ports, request, null, callerOf(c));
      if (accepted.kind === 'refused') return refuse(accepted.faults);
      if (accepted.kind !== 'accepted') throw new Error(`a test is ${accepted.kind}`);
      return c.json({ campaign: campaignView(accepted.campaign, noCounts()), recipients }, 202);
    },
  });
