/** The list of campaigns. */

import type { CampaignState } from '../../../model/campaign.ts';

const states: Record<CampaignState, string> = {
  accepted: 'Starting',
  scheduled: 'Scheduled',
  running: 'Sending',
  paused: 'Paused',
  cancelling: 'Cancelling',
  completed: 'Completed',
  cancelled: 'Cancelled',
};

export const campaigns = {
  title: 'Campaigns',
  compose: 'New campaign',
  states,
  search: 'Search names and titles',
  state: 'State',
  anyState: 'All states',
  kind: 'Kind',
  /** by what the address says; nothing is campaigns alone */
  kinds: {
    '': 'Campaigns',
    message: 'Messages',
    trigger: 'Of inbound webhooks',
    all: 'Everything',
  },
  open: 'Open',
  closed: 'Closed',
  app: 'App',
  anyApp: 'All apps',
  columns: {
    name: 'Campaign',
    state: 'State',
    progress: 'Progress',
    recipients: 'Recipients',
    failed: 'Failed',
    created: 'Created',
  },
  table: 'Campaigns, the newest first',
  test: 'Test',
  local: (day: string, clock: string) => `${day}, ${clock} local`,
  dryRun: 'Dry run',
  newer: 'Newer',
  older: 'Older',
  none: 'No campaign matches',
  noneMore: 'Change the filters, or clear them.',
  clear: 'Clear the filters',
  shown: (count: string) => `${count} campaigns on this page`,
  begin: {
    title: 'From nothing to the first push',
    lead: 'Three steps. Each is ticked off as soon as it is done.',
    done: 'Done',
    devices: 'Import devices',
    devicesMore:
      'A CSV or NDJSON file with the columns id, platform and token; language, userId, tags and more if you have them.',
    devicesDone: (count: string) => `${count} devices are registered.`,
    file: 'Choose a file',
    sample: 'Add 1,000 made-up devices',
    importing: 'Importing…',
    imported: (stored: string, rejected: number) =>
      `${stored} devices stored${rejected > 0 ? `, ${rejected} rows rejected` : ''}.`,
    line: (line: number, message: string) => `Line ${line}: ${message}`,
    test: 'Send a test to one device',
    testMore: 'One push to one device, to see that all is set up.',
    testDone: 'A test was sent.',
    device: 'Id of the device',
    sendTest: 'Send a test',
    testTitle: 'Hello from Volley',
    testBody: 'This is a test.',
    sentTest: 'The test is on its way.',
    first: 'Write the first campaign',
    firstMore:
      'What people see, who gets it, and when. Nothing is sent before you have checked it.',
    compose: 'Compose a campaign',
  },
};
