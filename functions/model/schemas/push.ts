/** The requests of a single push, and of one that is only shown. Only code that answers requests imports this file, as with campaign.ts. */

import * as z from 'zod';
import { type CampaignRequest, campaignRequestSchema } from './campaign.ts';
import { names } from './conditions.ts';
import { languageTag, registrationSchema, withServing } from './registration.ts';

const { app, message, dryRun } = campaignRequestSchema.shape;

export const messageRequestSchema = z
  .strictObject({ app, ...names, message, dryRun })
  .superRefine((it, context) => {
    const named = [it.userIds, it.installationIds, it.tokens].filter((ids) => ids !== undefined);
    if (named.length !== 1)
      context.addIssue({
        code: 'custom',
        message: 'needs userIds, installationIds or tokens, and only one of them',
      });
  })
  .meta({ id: 'MessageRequest' });

/** The request of the campaign that a single push is. */
export const toCampaignRequest = ({
  app,
  message,
  dryRun,
  ...named
}: z.output<typeof messageRequestSchema>): CampaignRequest => {
  const audience = Object.fromEntries(Object.entries(named).filter(([, ids]) => ids !== undefined));
  return { name: 'message', app, audience, message, dryRun, kind: 'message' };
};

const { platform, provider, environment, attributes } = registrationSchema.shape;

/** A message, and what matters of the device that it is shown for. */
export const renderRequestSchema = withServing(
  z.strictObject({
    app,
    message,
    platform,
    provider,
    environment,
    language: languageTag.optional(),
    attributes,
  }),
).meta({ id: 'RenderRequest' });
export type RenderRequest = z.output<typeof renderRequestSchema>;
