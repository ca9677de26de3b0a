/** `volley check`: whether a campaign would be accepted, and if not, why. */

import type { Command } from 'commander';
import type { CheckedView } from '../../http/check.ts';
import * as answers from '../answers.ts';
import { A_CAMPAIGN } from '../campaign-request.ts';
import type { Context } from '../context.ts';
import { oneLine } from '../format.ts';
import { readJsonFile } from '../usage.ts';

export function checkCommand(program: Command, { client, show, exit }: Context) {
  program
    .command('check')
    .argument('<file>', 'a campaign as JSON')
    .description('say what is wrong with a campaign, without sending, storing or counting anything')
    .action(async (file: string) => {
      const body = await readJsonFile(file, A_CAMPAIGN);
      const checked = await client().expecting(answers.checked).post('/v1/campaigns:check', body);
      if (checked.faults.length > 0) exit(1);
      show(checked, () => checkedText(checked));
    });
}

const checkedText = ({ faults }: CheckedView) =>
  faults.length === 0
    ? 'It would be accepted.'
    : faults.map(({ path, message }) => oneLine(`${path}: ${message}`)).join('\n');
