/** `volley apps`: pauses, resumes or cancels all campaigns of an app. */

import type { Command } from 'commander';
import * as answers from '../answers.ts';
import type { Context } from '../context.ts';
import { fold } from '../format.ts';
import { Usage } from '../usage.ts';

const VERBS = ['show', 'pause', 'resume', 'cancel'];

export function appCommand(program: Command, { client, show }: Context) {
  program
    .command('apps')
    .description('pause, resume or cancel all campaigns of an app, new ones too')
    .alias('app')
    .argument('<verb>', VERBS.join(', '))
    .argument('<app>')
    .action(async (verb: string, app: string) => {
      if (!VERBS.includes(verb)) throw new Usage(`"${verb}" is none of ${VERBS.join(', ')}`);
      const path = `/v1/apps/${encodeURIComponent(app)}`;
      const calls = client().expecting(answers.app);
      const it = verb === 'show' ? await calls.get(path) : await calls.post(`${path}/${verb}`);
      const state = it.paused ? `paused since ${it.paused.at} by ${it.paused.by}` : 'on';
      const done = it.campaigns === undefined ? '' : `; ${it.campaigns} campaigns changed`;
      show(it, () => fold(`${it.app} is ${state}${done}`, 2));
    });
}
