/** `volley apps`: lists apps; shows and changes the policy of one; pauses, resumes or cancels its campaigns. */

import type { Command } from 'commander';
import type { AppView } from '../../http/apps.ts';
import * as answers from '../answers.ts';
import type { Context } from '../context.ts';
import { fold } from '../format.ts';
import { table } from '../table.ts';
import { Usage } from '../usage.ts';
import { type PolicyOptions, policy, policyOptions } from './app-policy.ts';

const VERBS = ['show', 'pause', 'resume', 'cancel'];
const ALL = ['list', ...VERBS, 'policy'];

export function appCommand(program: Command, context: Context) {
  const apps = program
    .command('apps')
    .description('list apps; pause, resume or cancel all campaigns of one; its policy')
    .alias('app')
    .argument('[verb]', ALL.join(', '), 'list')
    .argument('[app]');
  policyOptions(apps).action(
    async (verb: string, app: string | undefined, options: PolicyOptions) => {
      if (!ALL.includes(verb)) throw new Usage(`"${verb}" is none of ${ALL.join(', ')}`);
      if (verb === 'list' && app !== undefined)
        throw new Usage(`list takes no app: volley apps show ${app}`);
      const isChange = Object.keys(options).length > 0;
      if (verb !== 'policy' && isChange)
        throw new Usage(`${optionsOf(options)} goes with: volley apps policy default`);
      if (verb === 'list') return list(context);
      if (app === undefined) throw new Usage(`name the app: volley apps ${verb} default`);
      if (verb === 'policy') return policy(context, app, options);
      return control(context, verb, app);
    },
  );
}

const optionsOf = (options: PolicyOptions) =>
  Object.keys(options)
    .map((it) => `--${it.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`)
    .join(' and ');

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
