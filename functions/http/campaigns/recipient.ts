/** The call that says what became of one device in a campaign, and why. */

import { installationId } from '../../model/schemas/registration.ts';
import { why } from '../../pipeline/why/why.ts';
import type { Ports } from '../../ports/ports.ts';
import { call } from '../core/call.ts';
import { json } from '../core/json.ts';
import { answerProblem } from '../core/problem.ts';
import { problemResponse } from '../core/problem-response.ts';
import { campaignParams, noCampaign } from './parts.ts';
import { whySchema, whyView } from './why-view.ts';

export const recipientCall = (ports: Ports) =>
  call({
    method: 'get',
    path: '/v1/campaigns/{id}/recipients/{installationId}',
    operationId: 'getRecipient',
    summary: 'Why a device did, or did not, get a campaign',
    description:
      'What is known of one installation and one campaign, as a timeline: why it is in the audience or ' +
      'not, when it was frozen, handed over and answered, and what to do. Conditions are compared with ' +
      'the installation as it is now. A token that no installation has is `token:` and the first 32 ' +
      'hexadecimal digits of its SHA-256. About 20 reads, however large the campaign.',
    scopes: ['read'],
    takes: { params: campaignParams.extend({ installationId }) },
    responses: {
      200: json('What is known.', whySchema),
      404: problemResponse(404, 'There is no such campaign, or nothing is known of the device.'),
    },
    async handle({ params }, c) {
      const found = await why(ports, params.id, params.installationId);
      if (found.kind === 'no-campaign') return noCampaign(c, params.id);
      if (found.kind === 'known') return c.json(whyView(found.why));
      return answerProblem(
        c,
        'not-found',
        `The campaign has nothing of "${params.installationId}", and its app "${found.campaign.app}" has no such installation.`,
        {
          next: 'Check the id, and whether the device belongs to that app. Of what was erased nothing is known.',
        },
      );
    },
  });
