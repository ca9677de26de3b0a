/** `volley apps`: lists apps; shows and changes the policy of one; pauses, resumes or cancels its campaigns. */

import type { Command } from 'commander';
import type { AppView } from '../../http/apps.ts';
import * as answers from '../answers.ts';
import type { Context } from '../context.ts';
import { fold } from '../format.ts';
import { table } from '../table.ts';
import { takesNothing } from '../usage.ts';
import { type PolicyOptions, policy, policyOptions } from './app-policy.ts';

export function appCommand(program: Command, context: Context) {
  const apps = program
    .command('apps')
    .description('pause all campaigns of an app; set its caps and quiet hours')
    .alias('app');
  apps
    .command('list', { isDefault: true })
    .description('list apps and their providers')
    .allowExcessArguments()
    .action((_options, command: Command) => {
      takesNothing(command);
      return list(context);
    });
  for (const [verb, description] of Object.entries(verbs))
    apps
      .command(verb)
      .argument('<app>')
      .description(description)
      .action((app: string) => control(context, verb, app));
  policyOptions(apps.command('policy').argument('<app>'))
    .description('show caps, quiet hours and receipts of an app, or change those named')
    .action((app: string, options: PolicyOptions) => policy(context, app, options));
}

const verbs = {
  show: 'say whether an app is paused',
  pause: 'pause every campaign of an app, and those to come',
  resume: 'resume an app that is paused',
  cancel: 'cancel every open campaign of an app',
};

async function list({ client, show }: Context) {
  const items = await client().expecting(answers.listedApp).all('/v1/apps');
  show({ items }, () => table(['APP', 'STATE', 'PROVIDERS'], items.map(cells)));
}

async function control({ client, show }: Context, verb: string, app: string) {
  const path = `/v1/apps/${encodeURIComponent(app)}`;
  const calls = client().expecting(answers.app);
  const it = verb === 'show' ? await calls.get(path) : await calls.post(`${path}/${verb}`);
  const done = it.campaigns === undefined ? '' : `; ${it.campaigns} campaigns changed`;
  show(it, () => fold(`${it.app} is ${stateOf(it)}${done}`, 2));
}

const stateOf = ({ paused }: Pick<AppView, 'paused'>) =>
  paused ? `paused since ${paused.at} by ${paused.by}` : 'on';

const cells = (it: AppView) => [it.app, it.paused ? 'paused' : 'on', it.providers.join(', ')];
