/** `volley why`: what became of a device in a campaign, as a timeline, and what to do. */

import type { Command } from 'commander';
import type { WhyView } from '../../http/campaigns/why-view.ts';
import { namedToken } from '../../model/canonical/token.ts';
import { unregisteredId } from '../../model/installation.ts';
import * as answers from '../answers.ts';
import { type Client, campaignPath } from '../client/client.ts';
import type { Context } from '../context.ts';
import { fold, oneLine } from '../format.ts';
import { Usage } from '../usage.ts';

interface Options {
  user?: string;
  installation?: string;
  token?: string;
}

/** Devices of a user that are shown; the others are counted. */
const MOST = 20;

export function whyCommand(program: Command, { client, show, say, exit }: Context) {
  program
    .command('why')
    .argument('<campaign>')
    .option('--user <id>', 'all devices of the user, as the app registers them')
    .option('--installation <id>', 'one device')
    .option('--token <token>', 'the device with that token, in any spelling')
    .description('why a device did, or did not, get a campaign, and what to do')
    .action(async (campaign: string, options: Options) => {
      const named = Object.values(options).filter((it) => it !== undefined);
      if (named.length !== 1 || named[0] === '')
        throw new Usage('say which device: --user, --installation or --token, and one of them');
      const api = client();
      const { ids, more } = await idsOf(api, campaign, options);
      if (ids.length === 0) exit(1);
      const items: WhyView[] = [];
      for (const id of ids) items.push(await whyOf(api, campaign, id));
      show({ items }, () =>
        items.length === 0
          ? fold('no device of that user: is it the userId that the app registers?', 0)
          : items.map(whyText).join('\n\n'),
      );
      if (more) say(`only the first ${MOST} devices are shown\n`);
    });
}

const whyOf = (api: Client, campaign: string, id: string) =>
  api.expecting(answers.why).get(`${campaignPath(campaign)}/recipients/${encodeURIComponent(id)}`);

/** The devices that are meant. A token without an installation may have been sent to as it was. */
async function idsOf(
  api: Client,
  campaign: string,
  { user, installation, token }: Options,
): Promise<{ ids: string[]; more: boolean }> {
  if (installation !== undefined) return { ids: [installation], more: false };
  const { app } = await api.expecting(answers.campaignApp).get(campaignPath(campaign));
  const { items, next } = await api
    .expecting(answers.found)
    .post('/v1/installations:find', { app, userId: user, token, limit: MOST });
  const ids = items.map((it) => it.id);
  if (ids.length === 0 && token !== undefined)
    return { ids: [unregisteredId(namedToken(token.replaceAll(/\s+/g, '')))], more: false };
  return { ids, more: next !== null };
}

/** `2026-11-21 13:00:04`, in UTC; as wide if the time is not known. */
const TIME_WIDTH = 19;
const timeCell = (at: string | null) =>
  at === null ? ''.padEnd(TIME_WIDTH) : at.slice(0, TIME_WIDTH).replace('T', ' ');

function whyText(it: WhyView): string {
  const paragraph = (text: string) => (text === '' ? [] : [fold(`  ${text}`, 2)]);
  const unmet = it.absence?.unmet ?? [];
  return [
    oneLine(`${it.installationId}  ${it.state.replaceAll('-', ' ')}`),
    ...paragraph(it.summary),
    ...paragraph(it.next),
    ...(unmet.length > 0 ? ['', '  Conditions that it does not meet, as it is now:'] : []),
    ...unmet.map(unmetText),
    ...(it.hints.length > 0 ? [''] : []),
    ...it.hints.flatMap(({ text }) => paragraph(text)),
    '',
    ...it.timeline.map(({ at, text }) => fold(`  ${timeCell(at)}  ${text}`, TIME_WIDTH + 4)),
    ...paragraph('Times are in UTC.'),
  ].join('\n');
}

function unmetText({
  path,
  condition,
  value,
}: NonNullable<WhyView['absence']>['unmet'][number]): string {
  const has = Array.isArray(value) ? value.join(', ') : String(value ?? '');
  return fold(`    ${path}: needs ${condition}; it has ${has === '' ? 'nothing' : has}`, 6);
}
