// Made from the OpenAPI document by `npm run build:clients`. Do not edit.

import type { CallOptions, TextBody } from './options.ts';

/** Every call of the API, by its name there. */
export interface Calls {
  /**
   * Send a campaign. `POST /v1/campaigns`
   *
   * Answers as soon as the campaign is stored; it is sent from there.
   *
   * Needs the scope `campaigns`.
   */
  sendCampaign(input: { idempotencyKey?: string; body: CampaignRequest }, options?: CallOptions): Promise<Campaign>;
  /**
   * List campaigns, the newest first. `GET /v1/campaigns`
   *
   * A page looks through at most 500 campaigns. So one of a filter may be short, or empty, while `next` leads on.
   *
   * Needs the scope `read` or `campaigns`.
   */
  listCampaigns(input?: { limit?: number; after?: string; state?: string; kind?: string; app?: string; q?: string; from?: string; to?: string }, options?: CallOptions): Promise<{
    items: Campaign[];
    next: string | null;
  }>;
  /**
   * Look at a campaign: its state and live counts. `GET /v1/campaigns/{id}`
   *
   * Needs the scope `read` or `campaigns`.
   */
  getCampaign(input: { id: string }, options?: CallOptions): Promise<Campaign>;
  /**
   * Read the report of a campaign. `GET /v1/campaigns/{id}/report`
   *
   * With `Accept: text/plain`, as text to post to a chat.
   *
   * Needs the scope `read` or `campaigns`.
   */
  getReport(input: { id: string }, options?: CallOptions): Promise<Report>;
  /**
   * Read what devices reported of a campaign. `GET /v1/campaigns/{id}/receipts`
   *
   * How many devices opened it, got it and dismissed it, and how many had opened it when: at most 121 points, none once the retention of the campaign has ended. The curve costs up to 64 reads of Firestore.
   *
   * Needs the scope `read` or `campaigns`.
   */
  getReceipts(input: { id: string }, options?: CallOptions): Promise<CampaignReceipts>;
  /**
   * List the failures of a campaign. `GET /v1/campaigns/{id}/failures`
   *
   * JSON comes in pages of `limit`. With `Accept: text/csv` or `application/x-ndjson` all that follow `after` come in one stream. In CSV a cell that a spreadsheet would take for a formula begins with '.
   *
   * Needs the scope `read`.
   */
  listFailures(input: { id: string; limit?: number; after?: string }, options?: CallOptions): Promise<{
    items: Failure[];
    next: string | null;
  }>;
  /**
   * Export what became of each recipient, and each receipt. `GET /v1/campaigns/{id}/export`
   *
   * One JSON object per line, with its `schema` (1) and `kind`: `recipient`, `receipt`, and last `end` with the number of both. `device` is the same in the receipts and the recipient of an installation. A body without its end is not whole. Tokens are in no row.
   *
   * Needs the scope `read`.
   */
  exportCampaign(input: { id: string }, options?: CallOptions): Promise<unknown>;
  /**
   * Publish the rows of a campaign for a data warehouse. `POST /v1/campaigns/{id}/export`
   *
   * The same rows as of GET, in events `warehouse.rows` to the topic of events, about 2,000 in each. The last event, with the row `end`, follows all others. Asked for again, all are published again under another `run`.
   *
   * Needs the scope `campaigns`.
   */
  publishRows(input: { id: string }, options?: CallOptions): Promise<PublishedRows>;
  /**
   * Why a device did, or did not, get a campaign. `GET /v1/campaigns/{id}/recipients/{installationId}`
   *
   * What is known of one installation and one campaign, as a timeline: why it is in the audience or not, when it was frozen, handed over and answered, and what to do. Conditions are compared with the installation as it is now. A token that no installation has is `token:` and the first 32 hexadecimal digits of its SHA-256. About 20 reads, however large the campaign.
   *
   * Needs the scope `read`.
   */
  getRecipient(input: { id: string; installationId: string }, options?: CallOptions): Promise<Why>;
  /**
   * Pause a campaign. `POST /v1/campaigns/{id}/pause`
   *
   * Sending stops within two seconds. A resumed campaign goes on where it was.
   *
   * Needs the scope `campaigns`.
   */
  pauseCampaign(input: { id: string }, options?: CallOptions): Promise<Campaign>;
  /**
   * Resume a paused campaign. `POST /v1/campaigns/{id}/resume`
   *
   * First correct what `reason` names. A campaign that its canary or the failure guard has paused is not paused by them again.
   *
   * Needs the scope `campaigns`.
   */
  resumeCampaign(input: { id: string }, options?: CallOptions): Promise<Campaign>;
  /**
   * Cancel a campaign. `POST /v1/campaigns/{id}/cancel`
   *
   * The recipients that are left are skipped, then the campaign is `cancelled`.
   *
   * Needs the scope `campaigns`.
   */
  cancelCampaign(input: { id: string }, options?: CallOptions): Promise<Campaign>;
  /**
   * Reschedule a campaign. `PUT /v1/campaigns/{id}/schedule`
   *
   * For a campaign that is `scheduled`, until it begins: with a local time until the first clock shows it. What is late is judged by the time of this call.
   *
   * Needs the scope `campaigns`.
   */
  rescheduleCampaign(input: { id: string; body: CampaignSchedule }, options?: CallOptions): Promise<Campaign>;
  /**
   * List the changes of the state of a campaign. `GET /v1/campaigns/{id}/history`
   *
   * In order: the first, and the latest 99.
   *
   * Needs the scope `read` or `campaigns`.
   */
  getCampaignHistory(input: { id: string }, options?: CallOptions): Promise<{
    items: Change[];
  }>;
  /**
   * Retry the failures that may pass. `POST /v1/campaigns/{id}/retry-failures`
   *
   * Sends a new campaign to the failures with the outcomes `retry` (an expired time to live too), `unknown` and `blocked`, with the current tokens. It names the first campaign in `retryOf`. A repeated call gives the same campaign, unless it has another Idempotency-Key.
   *
   * Needs the scope `campaigns`.
   */
  retryFailures(input: { id: string; idempotencyKey?: string }, options?: CallOptions): Promise<Campaign>;
  /**
   * Follow a campaign. `GET /v1/campaigns/{id}/events`
   *
   * Server-Sent Events: the events of the campaign under their types, and under `campaign` the campaign with its counts and receipts, each time they have changed. The stream ends with the campaign, or after some minutes. Reconnect with `Last-Event-ID`, as EventSource does by itself, and nothing is missed. The answer is 204 if the campaign is closed and all was sent.
   *
   * With `wait` the answer is JSON: what came after `after`, immediately or within so many seconds.
   *
   * Needs the scope `read` or `campaigns`.
   */
  followCampaign(input: { id: string; wait?: number | null; after?: string; lastEventId?: string }, options?: CallOptions): Promise<{
    events: Array<{
      id: string;
      event: string;
      data: Campaign | EventCampaignAccepted | EventCampaignStarted | EventCampaignProgress | EventCampaignPaused | EventCampaignCompleted | EventCampaignFailed | EventCampaignReceipts | EventInstallationUnregistered | EventPushFailed | EventWebhookDisabled | EventWebhookTest;
    }>;
    last: string;
    ended: boolean;
  } | undefined>;
  /**
   * Send a test to named recipients. `POST /v1/campaigns:test`
   *
   * Sends a campaign marked as a test. The answer shows the push of each recipient as its provider is sent it. With `dryRun` nothing is stored or sent.
   *
   * Needs the scope `campaigns`.
   */
  testCampaign(input: { body: CampaignRequest }, options?: CallOptions): Promise<Tested>;
  /**
   * Check a campaign. `POST /v1/campaigns:check`
   *
   * Answers 200 with the faults for which the request would be refused, each with its path. Nothing is stored, sent or counted.
   *
   * Needs the scope `read` or `campaigns`.
   */
  checkCampaign(input: { body: unknown }, options?: CallOptions): Promise<Checked>;
  /**
   * Check a schedule. `POST /v1/schedules:check`
   *
   * Answers 200 with the faults for which the request would be refused, each with its path. Nothing is stored, sent or counted.
   *
   * Needs the scope `read` or `campaigns`.
   */
  checkSchedule(input: { body: unknown }, options?: CallOptions): Promise<Checked>;
  /**
   * Push to a few named recipients. `POST /v1/messages`
   *
   * To users, installations or tokens, 100 at most, sent immediately. Only a message with a category that is not exempt waits until the quiet hours of its app end on each device. It is a campaign of its own, with an id. With `wait` the answer has the results, if the campaign ends in so many seconds. On Google Cloud each push that does not wait was tried once before the answer comes, with or without `wait`. Events of a message that ends then are published only where a webhook listens.
   *
   * Needs the scope `campaigns`.
   */
  sendMessage(input: { wait?: number | null; idempotencyKey?: string; body: MessageRequest }, options?: CallOptions): Promise<MessageOutcome | Campaign>;
  /**
   * Show the push of a message. `POST /v1/messages:render`
   *
   * For a platform, a language, a provider and sample attributes: the headers and the payload, their bytes, and what cannot be carried. Nothing is sent or stored, and no installation is needed. `TOKEN` stands for the token. A badge that counts up is shown as its increment.
   *
   * Needs the scope `read` or `campaigns`.
   */
  renderMessage(input: { body: RenderRequest }, options?: CallOptions): Promise<RenderedMessage>;
  /**
   * List the apps, by name. `GET /v1/apps`
   *
   * Those that have credentials in this deployment.
   *
   * Needs the scope `read` or `campaigns`.
   */
  listApps(input?: { limit?: number; after?: string }, options?: CallOptions): Promise<{
    items: App[];
    next: string | null;
  }>;
  /**
   * Look at an app: is it paused?. `GET /v1/apps/{app}`
   *
   * Needs the scope `read` or `campaigns`.
   */
  getApp(input: { app: string }, options?: CallOptions): Promise<App>;
  /**
   * Pause all campaigns of an app. `POST /v1/apps/{app}/pause`
   *
   * New campaigns too: each is paused when it would begin, until the app is resumed.
   *
   * Needs the scope `campaigns`.
   */
  pauseApp(input: { app: string }, options?: CallOptions): Promise<{
    app: string;
    /** Since when the app is paused, and by whose call; null if it is not. */
    paused: {
      at: string;
      by: string;
    };
    campaigns: number;
  }>;
  /**
   * Resume an app. `POST /v1/apps/{app}/resume`
   *
   * Campaigns that the pause of the app has paused go on; those paused for another reason do not.
   *
   * Needs the scope `campaigns`.
   */
  resumeApp(input: { app: string }, options?: CallOptions): Promise<{
    app: string;
    /** Since when the app is paused, and by whose call; null if it is not. */
    paused: {
      at: string;
      by: string;
    };
    campaigns: number;
  }>;
  /**
   * Cancel all open campaigns of an app. `POST /v1/apps/{app}/cancel`
   *
   * Scheduled ones too. A paused app stays paused; otherwise new campaigns may be sent.
   *
   * Needs the scope `campaigns`.
   */
  cancelApp(input: { app: string }, options?: CallOptions): Promise<{
    app: string;
    /** Since when the app is paused, and by whose call; null if it is not. */
    paused: {
      at: string;
      by: string;
    };
    campaigns: number;
  }>;
  /**
   * Look at the policy of an app. `GET /v1/apps/{app}/policy`
   *
   * As it was put; the defaults, if it never was.
   *
   * Needs the scope `read` or `campaigns`.
   */
  getAppPolicy(input: { app: string }, options?: CallOptions): Promise<AppPolicy>;
  /**
   * Replace the policy of an app. `PUT /v1/apps/{app}/policy`
   *
   * What is left out gets its default. It holds in all instances after 30 seconds. A campaign keeps the receipts with which it was accepted. Its caps and quiet hours are those of the time at which its recipients are frozen: just before they are sent, also of a campaign that was accepted, or paused, long before.
   *
   * Needs the scope `campaigns`.
   */
  putAppPolicy(input: { app: string; body: AppPolicy }, options?: CallOptions): Promise<AppPolicy>;
  /**
   * Find the installations of a user, or the one with a token. `GET /v1/installations`
   *
   * Of one app, those that have opted out too. Proxies and the request log of Cloud Run keep addresses: `POST /v1/installations:find` takes the token in its body.
   *
   * Needs the scope `read` or `installations`.
   */
  findInstallations(input?: { limit?: number; after?: string; app?: string; userId?: string; token?: string }, options?: CallOptions): Promise<{
    items: Installation[];
    next: string | null;
  }>;
  /**
   * Register an installation. `PUT /v1/installations/{id}`
   *
   * Replaces the stored installation, with its token. A token belongs to one installation of an app: another one with the same token is removed. A user may have many installations. A key with the scope `register` may send any `userId`: if pushes have secrets, let a server register.
   *
   * Needs the scope `installations` or `register`.
   */
  putInstallation(input: { id: string; body: Registration }, options?: CallOptions): Promise<Installation>;
  /**
   * Change an installation. `PATCH /v1/installations/{id}`
   *
   * Changes the fields that are sent; `null` removes a field, the others stay. For a new token, a login (`userId`), a logout (`"userId": null`), an opt-out (`optedOut`, or `optedOutOf` for some categories), a new `permission`.
   *
   * Needs the scope `installations` or `register`.
   */
  changeInstallation(input: { id: string; app?: string; body: RegistrationChange }, options?: CallOptions): Promise<Installation | undefined>;
  /**
   * Look at an installation. `GET /v1/installations/{id}`
   *
   * Needs the scope `read` or `installations`.
   */
  getInstallation(input: { id: string; app?: string }, options?: CallOptions): Promise<Installation>;
  /**
   * Remove an installation. `DELETE /v1/installations/{id}`
   *
   * Needs the scope `installations` or `register`.
   */
  removeInstallation(input: { id: string; app?: string }, options?: CallOptions): Promise<undefined>;
  /**
   * List the campaigns and messages that an installation was sent. `GET /v1/installations/{id}/pushes`
   *
   * The newest first, each with its outcome and what to do. A page looks through at most 200 campaigns of the app, so it may be short, or empty, while `next` leads on. It has no topics, and nothing that named another user of the device.
   *
   * Needs the scope `read`.
   */
  listPushes(input: { id: string; limit?: number; after?: string; app?: string }, options?: CallOptions): Promise<{
    items: PushToDevice[];
    next: string | null;
  }>;
  /**
   * Set the badge count. `PUT /v1/installations/{id}/badge`
   *
   * An app that clears its badge when it is opened sends 0. A message with a badge such as "+1" counts up from the stored value.
   *
   * Needs the scope `installations` or `register`.
   */
  putBadge(input: { id: string; app?: string; body: {
    count: number;
  } }, options?: CallOptions): Promise<undefined>;
  /**
   * Count the installations of an app, by platform, language and permission. `GET /v1/installations:count`
   *
   * Exact on the embedded engine. On Google Cloud a small app is counted; of more than some 1,900 installations a sample is read: 70 documents where the app has pages of its registry, else 2,000.
   *
   * Needs the scope `read` or `installations`.
   */
  countInstallations(input?: { app?: string }, options?: CallOptions): Promise<InstallationCounts>;
  /**
   * Find installations, with the token or the user in the body. `POST /v1/installations:find`
   *
   * The same as `GET /v1/installations`. No request log shows the token.
   *
   * Needs the scope `read` or `installations`.
   */
  lookUpInstallations(input: { body: FindInstallations }, options?: CallOptions): Promise<{
    items: Installation[];
    next: string | null;
  }>;
  /**
   * Register many installations. `POST /v1/installations:import`
   *
   * CSV with a header (cells separated by `,`, `;` or tabs) or NDJSON, of any size; UTF-8, or UTF-16 with a byte order mark; gzip is unpacked. Columns are the fields of a registration and `id`; `tags` are separated by `|`; `attributes` is JSON, `attributes.NAME` one of them; `refreshedAt` is when the app was last seen, in RFC 3339 or seconds since 1970. Cells may have the spellings that exports use. A row is rejected for a fault in its id, its app, its platform or its token. With a fault in another cell it is stored without that cell, with a warning. In a CSV `NULL`, `\N`, `(null)`, `#N/A` and blanks are no value. A row that changes nothing is not written. Rows are stored 15000 at a time, each time all of them or none.
   *
   * Needs the scope `installations`.
   */
  importInstallations(input: { app?: string; run?: string; dryRun?: 'true' | 'false'; body: TextBody; contentType: 'text/csv' | 'text/tab-separated-values' | 'application/x-ndjson' }, options?: CallOptions): Promise<Imported>;
  /**
   * Remove installations that an import has not seen. `POST /v1/installations:prune`
   *
   * After all pages of a list were imported with one `run`: removes the installations of the app that were in none of them, a part of the app in each call. Installations that registered since the run began are kept, and so are those that have opted out. A run can be used for 7 days from its first page.
   *
   * Needs the scope `installations`.
   */
  pruneInstallations(input: { body: Prune }, options?: CallOptions): Promise<Pruned>;
  /**
   * Normalize stored installations. `POST /v1/installations:normalize`
   *
   * To be called once after an update of Volley that asks for it. Values that an earlier version stored (APNs tokens in capitals, old names of time zones, search keys of languages) get the form that is compared today, for some thousand installations of all apps in each call. Repeated calls change nothing.
   *
   * Needs the scope `admin`.
   */
  normalizeInstallations(input: { body: Normalize }, options?: CallOptions): Promise<Normalized>;
  /**
   * Report what happened to pushes on devices. `POST /v1/receipts`
   *
   * Each installation is counted once for a campaign and a kind, however often and in whichever order its receipts come. Receipts are claims of devices: they are counted beside the ledger, and change nothing else. A registration key reports for its app, up to 2,000 receipts a second, and 50 from one address.
   *
   * Needs the scope `installations` or `register`.
   */
  sendReceipts(input: { body: Receipts }, options?: CallOptions): Promise<ReceiptsTaken>;
  /**
   * Export the data about a user. `GET /v1/users/{id}/export`
   *
   * In every app, as far back as data is kept. NDJSON with `Accept: application/x-ndjson`.
   *
   * Needs the scope `installations`.
   */
  exportUser(input: { id: string }, options?: CallOptions): Promise<{
    userId: string;
    items: UserRecord[];
  }>;
  /**
   * Erase a user. `DELETE /v1/users/{id}`
   *
   * Removes installations, failures, receipts and frozen recipients in every app. Recipients that were not sent to yet are skipped; the counts of campaigns stay. The call may be repeated.
   *
   * Needs the scope `installations`.
   */
  eraseUser(input: { id: string }, options?: CallOptions): Promise<Erased>;
  /**
   * Look at who calls: its name and its scopes. `GET /v1/me`
   *
   * For any API key, and for any Firebase user, also one without a role.
   */
  getMe(input?: Record<string, never>, options?: CallOptions): Promise<Me>;
  /**
   * Create an API key. `POST /v1/keys`
   *
   * Needs the scope `admin`.
   */
  createKey(input: { body: KeyRequest }, options?: CallOptions): Promise<NewKey>;
  /**
   * List the API keys. `GET /v1/keys`
   *
   * Needs the scope `admin`.
   */
  listKeys(input?: Record<string, never>, options?: CallOptions): Promise<{
    items: Key[];
  }>;
  /**
   * Revoke an API key. `DELETE /v1/keys/{id}`
   *
   * Instances that have used the key in the last 30 seconds may take it for 30 seconds more.
   *
   * Needs the scope `admin`.
   */
  revokeKey(input: { id: string }, options?: CallOptions): Promise<undefined>;
  /**
   * Add a schedule. `POST /v1/schedules`
   *
   * Needs the scope `campaigns`.
   */
  addSchedule(input: { idempotencyKey?: string; body: ScheduleRequest }, options?: CallOptions): Promise<Schedule>;
  /**
   * List schedules. `GET /v1/schedules`
   *
   * Needs the scope `read` or `campaigns`.
   */
  listSchedules(input?: { limit?: number; after?: string; runsUntil?: string }, options?: CallOptions): Promise<{
    items: Schedule[];
    next: string | null;
  }>;
  /**
   * Look at a schedule and its next runs. `GET /v1/schedules/{id}`
   *
   * Needs the scope `read` or `campaigns`.
   */
  getSchedule(input: { id: string; runsUntil?: string }, options?: CallOptions): Promise<Schedule>;
  /**
   * Change a schedule. `PUT /v1/schedules/{id}`
   *
   * Replaces all fields of the request; the count of runs goes on. A paused schedule stays paused.
   *
   * Needs the scope `campaigns`.
   */
  changeSchedule(input: { id: string; body: ScheduleRequest }, options?: CallOptions): Promise<Schedule>;
  /**
   * Remove a schedule. `DELETE /v1/schedules/{id}`
   *
   * Campaigns that it has started go on.
   *
   * Needs the scope `campaigns`.
   */
  removeSchedule(input: { id: string }, options?: CallOptions): Promise<undefined>;
  /**
   * Pause a schedule. `POST /v1/schedules/{id}/pause`
   *
   * Needs the scope `campaigns`.
   */
  pauseSchedule(input: { id: string }, options?: CallOptions): Promise<Schedule>;
  /**
   * Resume a paused schedule. `POST /v1/schedules/{id}/resume`
   *
   * Runs begin from now on: those that the pause has missed are not started.
   *
   * Needs the scope `campaigns`.
   */
  resumeSchedule(input: { id: string }, options?: CallOptions): Promise<Schedule>;
  /**
   * Start an additional run now. `POST /v1/schedules/{id}/run`
   *
   * It is sent to all together, also with `local`.
   *
   * Needs the scope `campaigns`.
   */
  runSchedule(input: { id: string }, options?: CallOptions): Promise<Campaign>;
  /**
   * About what the campaigns of some time cost. `GET /v1/costs`
   *
   * By their recipients and list prices, as `volley estimate` computes it. What a deployment costs without campaigns is not in it, and Google Cloud alone knows the bill.
   *
   * Needs the scope `read` or `campaigns`.
   */
  getCosts(input: { from: string; to: string }, options?: CallOptions): Promise<Costs>;
  /**
   * Check the deployment. `GET /v1/doctor`
   *
   * Tries the database, the tick, the queues, the functions they call, and the credentials of every app. No device gets anything.
   *
   * Needs the scope `campaigns`.
   */
  getDoctor(input?: Record<string, never>, options?: CallOptions): Promise<Doctor>;
  /**
   * List events that no subscriber took. `GET /v1/events/dead-letters`
   *
   * The oldest first, 100 at most. They stay until they are published again. On the embedded engine there are none.
   *
   * Needs the scope `admin`.
   */
  listDeadLetters(input?: Record<string, never>, options?: CallOptions): Promise<{
    items: DeadLetter[];
  }>;
  /**
   * Publish dead letters again. `POST /v1/events/dead-letters:redrive`
   *
   * With their attributes, oldest first, 100 at most; call again until it is 0. One may be published twice, with the same id; none is lost. What the topic refuses, such as an empty message, is named and goes on waiting.
   *
   * Needs the scope `admin`.
   */
  redriveDeadLetters(input?: Record<string, never>, options?: CallOptions): Promise<{
    redriven: number;
    refused: Array<{
      id: string;
      reason: string;
    }>;
  }>;
  /**
   * Register a webhook. `POST /v1/webhooks`
   *
   * For the events of an app, of one campaign, or of all. Deliveries are signed by Standard Webhooks and retried for three days; 410 ends a webhook immediately.
   *
   * Needs the scope `campaigns`.
   */
  addWebhook(input: { body: WebhookRequest }, options?: CallOptions): Promise<WebhookWithSecret>;
  /**
   * List webhooks, the newest first. `GET /v1/webhooks`
   *
   * Needs the scope `campaigns`.
   */
  listWebhooks(input?: { limit?: number; after?: string }, options?: CallOptions): Promise<{
    items: Webhook[];
    next: string | null;
  }>;
  /**
   * Look at a webhook. `GET /v1/webhooks/{id}`
   *
   * Needs the scope `campaigns`.
   */
  getWebhook(input: { id: string }, options?: CallOptions): Promise<Webhook>;
  /**
   * Change a webhook. `PATCH /v1/webhooks/{id}`
   *
   * Its URL, its types, its description; `enabled` turns it off or on.
   *
   * Needs the scope `campaigns`.
   */
  changeWebhook(input: { id: string; body: WebhookChange }, options?: CallOptions): Promise<Webhook>;
  /**
   * Remove a webhook. `DELETE /v1/webhooks/{id}`
   *
   * Needs the scope `campaigns`.
   */
  removeWebhook(input: { id: string }, options?: CallOptions): Promise<undefined>;
  /**
   * Rotate the secret of a webhook. `POST /v1/webhooks/{id}:rotate`
   *
   * Deliveries are signed with the earlier secret too for 24 hours.
   *
   * Needs the scope `campaigns`.
   */
  rotateWebhookSecret(input: { id: string }, options?: CallOptions): Promise<WebhookWithSecret>;
  /**
   * Send a test to a webhook. `POST /v1/webhooks/{id}:test`
   *
   * Delivers one event of type webhook.test, without retries. The answer has the result.
   *
   * Needs the scope `campaigns`.
   */
  testWebhook(input: { id: string }, options?: CallOptions): Promise<WebhookDelivery>;
  /**
   * List the deliveries of a webhook, the newest first. `GET /v1/webhooks/{id}/deliveries`
   *
   * Needs the scope `campaigns`.
   */
  listDeliveries(input: { id: string; limit?: number; after?: string }, options?: CallOptions): Promise<{
    items: WebhookDelivery[];
    next: string | null;
  }>;
  /**
   * Replay a delivery. `POST /v1/webhooks/{id}/deliveries/{delivery}:replay`
   *
   * Delivers the event again under the same id, with three days of retries.
   *
   * Needs the scope `campaigns`.
   */
  replayDelivery(input: { id: string; delivery: string }, options?: CallOptions): Promise<WebhookDelivery>;
  /**
   * List the segments of an app, by name. `GET /v1/segments`
   *
   * Needs the scope `read` or `campaigns`.
   */
  listSegments(input?: { limit?: number; after?: string; app?: string }, options?: CallOptions): Promise<{
    items: Segment[];
    next: string | null;
  }>;
  /**
   * Save a segment. `PUT /v1/segments/{name}`
   *
   * Replaces an earlier one. A campaign that names the segment uses it as it is when the campaign is accepted; later changes do not matter.
   *
   * Needs the scope `campaigns`.
   */
  putSegment(input: { name: string; app?: string; body: {
    audience: SegmentAudience;
  } }, options?: CallOptions): Promise<Segment>;
  /**
   * Look at a segment. `GET /v1/segments/{name}`
   *
   * Needs the scope `read` or `campaigns`.
   */
  getSegment(input: { name: string; app?: string }, options?: CallOptions): Promise<Segment>;
  /**
   * Remove a segment. `DELETE /v1/segments/{name}`
   *
   * Campaigns that named it are not affected.
   *
   * Needs the scope `campaigns`.
   */
  removeSegment(input: { name: string; app?: string }, options?: CallOptions): Promise<undefined>;
  /**
   * Upload an audience. `POST /v1/audiences`
   *
   * A file of installation ids, user ids or tokens: one a line, CSV with a header, or NDJSON (texts, or objects); at most 2000000 of them. The answer's id goes in a campaign's `audience.upload`. It is kept for 7 days.
   *
   * Needs the scope `campaigns`.
   */
  uploadAudience(input: { app?: string; of?: 'installationIds' | 'userIds' | 'tokens'; body: TextBody; contentType: 'text/plain' | 'text/csv' | 'application/x-ndjson' }, options?: CallOptions): Promise<Uploaded>;
  /**
   * Look at an uploaded audience. `GET /v1/audiences/{id}`
   *
   * Needs the scope `read` or `campaigns`.
   */
  getAudience(input: { id: string }, options?: CallOptions): Promise<Upload>;
  /**
   * Estimate a campaign. `POST /v1/audiences:estimate`
   *
   * Takes a campaign as it would be sent, or only its audience. Nothing is sent, and nothing is stored. With `?quick` a sample of a few thousand installations is looked at, whatever the size of the registry: in a fraction of a second, for about a tenth of a US cent at most.
   *
   * Needs the scope `read` or `campaigns`.
   */
  estimateAudience(input: { quick?: '' | 'true' | 'false'; body: EstimateRequest }, options?: CallOptions): Promise<Estimate>;
  /**
   * Create or replace a trigger. `PUT /v1/triggers/{name}`
   *
   * An outside service calls the trigger with a proof, and a campaign is made from the body. The secret is never shown again.
   *
   * Needs the scope `campaigns`.
   */
  putTrigger(input: { name: string; body: TriggerRequest }, options?: CallOptions): Promise<Trigger>;
  /**
   * Look at a trigger. `GET /v1/triggers/{name}`
   *
   * Needs the scope `campaigns`.
   */
  getTrigger(input: { name: string }, options?: CallOptions): Promise<Trigger>;
  /**
   * Remove a trigger. `DELETE /v1/triggers/{name}`
   *
   * Needs the scope `campaigns`.
   */
  removeTrigger(input: { name: string }, options?: CallOptions): Promise<undefined>;
  /**
   * Call a trigger. `POST /v1/triggers/{name}`
   *
   * For outside services. Answers as soon as the webhook is queued. One without a valid proof gets the same answer, and is dropped.
   */
  pingTrigger(input: { name: string; body: unknown }, options?: CallOptions): Promise<{
    received: true;
  }>;
  /**
   * List triggers. `GET /v1/triggers`
   *
   * Needs the scope `campaigns`.
   */
  listTriggers(input?: { limit?: number; after?: string }, options?: CallOptions): Promise<{
    items: Trigger[];
    next: string | null;
  }>;
  /**
   * List failed inbound webhooks, the newest first. `GET /v1/triggers/{name}/failed`
   *
   * Needs the scope `read`.
   */
  listFailedPings(input: { name: string; limit?: number; after?: string }, options?: CallOptions): Promise<{
    items: FailedPing[];
    next: string | null;
  }>;
  /**
   * Retry a failed inbound webhook. `POST /v1/triggers/{name}/failed/{id}:replay`
   *
   * With the trigger as it is now. If it fails again, it is listed again.
   *
   * Needs the scope `campaigns`.
   */
  replayFailedPing(input: { name: string; id: string }, options?: CallOptions): Promise<FailedPing>;
  /**
   * Links to the description and the health check. `GET /`
   *
   * For a client that knows only the address.
   */
  getRoot(input?: Record<string, never>, options?: CallOptions): Promise<Root>;
  /**
   * Get this description. `GET /openapi.json`
   *
   * Generated from the schemas that requests are checked with.
   */
  getDescription(input?: Record<string, never>, options?: CallOptions): Promise<unknown>;
  /**
   * Check that the API serves. `GET /healthz`
   *
   * For load balancers. It reads from the store, at most once in 5 seconds.
   */
  getHealth(input?: Record<string, never>, options?: CallOptions): Promise<{
    status: 'ok';
  }>;
}

/** For iPhones and iPads, whether they are reached by APNs or by FCM. */
export type ApnsOptions = {
  /** alert when the payload shows, sounds or badges, background otherwise, unless named. The topic follows from it: app.bundle.id.voip for voip, and so on. */
  pushType?: 'alert' | 'background' | 'voip' | 'complication' | 'fileprovider' | 'mdm' | 'location' | 'liveactivity' | 'pushtotalk' | 'controls' | 'widgets';
  /** Of apns-priority: 10 immediately, 5 as the battery allows, 1 without waking the device. 10 for high, 5 for normal and for background, unless given. */
  priority?: 10 | 5 | 1;
  /** Merged over the APNs payload; aps is in here. */
  payload?: {
    aps?: {
      alert?: string | {
        title?: string | {
          'loc-key': string;
          'loc-args'?: string[];
        };
        subtitle?: string;
        body?: string | {
          'loc-key': string;
          'loc-args'?: string[];
        };
        'launch-image'?: string;
        'title-loc-key'?: string;
        'title-loc-args'?: string[];
        'subtitle-loc-key'?: string;
        'subtitle-loc-args'?: string[];
        'loc-key'?: string;
        'loc-args'?: string[];
        'action-loc-key'?: string;
        sound?: string;
      } & Record<string, unknown>;
      badge?: number;
      sound?: string | {
        critical?: 0;
        name: string;
        volume?: number;
      };
      'thread-id'?: string;
      category?: string;
      'content-available'?: 0;
      'mutable-content'?: 0;
      'target-content-id'?: string;
      'interruption-level'?: string;
      'relevance-score'?: number;
      'filter-criteria'?: string;
      'url-args'?: string[];
      'content-changed'?: boolean;
      timestamp?: number;
      'stale-date'?: number;
      'dismissal-date'?: number;
      event?: string;
      'content-state'?: Record<string, unknown>;
      'attributes-type'?: string;
      attributes?: Record<string, unknown>;
      'input-push-channel'?: string;
      'input-push-token'?: 0;
    } & Record<string, unknown>;
  } & Record<string, unknown>;
};

export type App = {
  app: string;
  /** Since when the app is paused, and by whose call; null if it is not. */
  paused: {
    at: string;
    by: string;
  };
  /** Those for which the app has credentials. */
  providers: Array<'apns' | 'fcm'>;
};

export type AppPolicy = {
  receipts?: {
    /** False: pushes have no key `volley` and no default analytics label, and receipts are dropped. */
    enabled?: boolean;
    /** The share of devices, from 0 to 1, that report `delivered`. Each report costs a write. */
    delivered?: number;
  };
  /** A device is a recipient of at most `max` campaigns of the app within any time of the length `per`; in others it is skipped. */
  caps?: Array<{
    max: number;
    per: string;
  }>;
  /** No campaign reaches a device between these times of its own clock: it waits for `to`. A campaign follows what is set when its recipients are read. */
  quiet?: {
    from: string;
    to: string;
  };
  /** The time zone of devices that tell none. */
  defaultZone?: string;
  /** Categories of messages that reach a device over its caps, do not count for them, and reach it in quiet hours. */
  exempt?: string[];
};

export type Audience = {
  /** All installations of the app. Goes with nothing else. */
  everybody?: true;
  platform?: 'ios' | 'android' | 'web' | Array<'ios' | 'android' | 'web'>;
  /** Installations that read one of them, by CLDR: `pt` is `pt` and every `pt-…`, `pt-BR` is not `pt`; `es-419` is all of Latin America; `zh` is simplified, `zh-Hant` traditional; `no` is `nb`. */
  language?: string | string[];
  /** A list means any of them. */
  tags?: string | string[] | {
    any?: string[];
    all?: string[];
    none?: string[];
  };
  userIds?: string[];
  installationIds?: string[];
  tokens?: string[];
  /** By name: a value, or comparisons that must all hold. An attribute that is not there is not equal to anything, nor less or greater. */
  attributes?: Record<string, string | number | boolean | {
    '='?: string | number | boolean;
    '!='?: string | number | boolean;
    '<'?: string | number;
    '<='?: string | number;
    '>'?: string | number;
    '>='?: string | number;
    in?: Array<string | number | boolean>;
    exists?: boolean;
  }>;
  /** A range of semver; 4.2 is 4.2.0. An installation without a version is in none. */
  appVersion?: string;
  /** When the app last registered. `after` is inclusive, `before` is not. */
  lastSeen?: {
    after?: string;
    before?: string;
    withinDays?: number;
    notWithinDays?: number;
  };
  timeZone?: string | string[];
  country?: string | string[];
  /** An installation whose permission is not known has none of them. */
  permission?: 'granted' | 'denied' | 'provisional' | Array<'granted' | 'denied' | 'provisional'>;
  /** Installations that reported that they opened that campaign, which is closed and of the same app. Receipts count up to the moment when the audience is read. */
  opened?: {
    campaign: string;
  };
  /** Installations whose push of that campaign was accepted, and that have not reported that they opened it. */
  notOpened?: {
    campaign: string;
  };
  segment?: string;
  and?: AudienceExpression[];
  or?: AudienceExpression[];
  not?: AudienceExpression;
  /** Installations that this upload names and that meet the other conditions. */
  upload?: string;
  unregistered?: Unregistered;
  /** One message to a topic of FCM's; goes with nothing else. */
  topic?: string;
  /** One message to all for which it holds; goes with nothing else. */
  condition?: string;
};

export type AudienceExpression = {
  /** All installations of the app. Goes with nothing else. */
  everybody?: true;
  platform?: 'ios' | 'android' | 'web' | Array<'ios' | 'android' | 'web'>;
  /** Installations that read one of them, by CLDR: `pt` is `pt` and every `pt-…`, `pt-BR` is not `pt`; `es-419` is all of Latin America; `zh` is simplified, `zh-Hant` traditional; `no` is `nb`. */
  language?: string | string[];
  /** A list means any of them. */
  tags?: string | string[] | {
    any?: string[];
    all?: string[];
    none?: string[];
  };
  userIds?: string[];
  installationIds?: string[];
  tokens?: string[];
  /** By name: a value, or comparisons that must all hold. An attribute that is not there is not equal to anything, nor less or greater. */
  attributes?: Record<string, string | number | boolean | {
    '='?: string | number | boolean;
    '!='?: string | number | boolean;
    '<'?: string | number;
    '<='?: string | number;
    '>'?: string | number;
    '>='?: string | number;
    in?: Array<string | number | boolean>;
    exists?: boolean;
  }>;
  /** A range of semver; 4.2 is 4.2.0. An installation without a version is in none. */
  appVersion?: string;
  /** When the app last registered. `after` is inclusive, `before` is not. */
  lastSeen?: {
    after?: string;
    before?: string;
    withinDays?: number;
    notWithinDays?: number;
  };
  timeZone?: string | string[];
  country?: string | string[];
  /** An installation whose permission is not known has none of them. */
  permission?: 'granted' | 'denied' | 'provisional' | Array<'granted' | 'denied' | 'provisional'>;
  /** Installations that reported that they opened that campaign, which is closed and of the same app. Receipts count up to the moment when the audience is read. */
  opened?: {
    campaign: string;
  };
  /** Installations whose push of that campaign was accepted, and that have not reported that they opened it. */
  notOpened?: {
    campaign: string;
  };
  /** A saved audience, as of the acceptance. */
  segment?: string;
  and?: AudienceExpression[];
  or?: AudienceExpression[];
  not?: AudienceExpression;
};

export type Campaign = {
  name: string;
  app?: string;
  audience: Audience;
  message: Message;
  rate?: {
    perMinute: number;
  };
  schedule?: {
    at?: string;
    local?: string;
    late?: 'now' | 'next-day' | 'skip';
  };
  canary?: Canary;
  /** Does everything but send: recipients are skipped, except those that FCM, which can check a push, would refuse. Those have failed; their tokens are kept. */
  dryRun?: boolean;
  /** To the people named in the audience alone, and marked as a test ever after. */
  test?: boolean;
  id: string;
  /** What made it. message: POST /v1/messages. trigger: an inbound webhook. */
  kind: 'campaign' | 'message' | 'trigger';
  /** The schedule that started it. */
  scheduleId?: string;
  /** The campaign whose failures it retries. */
  retryOf?: string;
  /** canary: the rest waits for the canary. off: it was resumed in spite of failures. */
  guard?: 'canary' | 'off';
  state: 'accepted' | 'scheduled' | 'running' | 'paused' | 'cancelling' | 'completed' | 'cancelled';
  /** Why it is paused. */
  reason: string | null;
  /** Live. recipients = accepted + failed + skipped + pending. */
  counts: {
    recipients: number;
    /** APNs or FCM accepted the push. They do not say whether a device shows it. */
    accepted: number;
    failed: number;
    skipped: number;
    /** Without an outcome yet. */
    pending: number;
    /** Why so many of the skipped are; left out if none are for a reason named here. A dry run and a cancellation skip the others. */
    skippedBy?: {
      /** By a cap of the app. */
      capped?: number;
      /** Their local time had passed. */
      late?: number;
    };
    /** Waited, or wait, for the end of quiet hours; left out if none do. */
    held?: number;
    /** When the last of these may be sent. */
    heldUntil?: string;
  };
  /** About how many recipients it has in all its waves, by a sample that was taken when it was planned. Left out without waves, and once it is closed. */
  expected?: number;
  /** Its recipients by the instant at which they are sent to, where it has a local time or quiet hours hold it, once it is planned. Left out in lists, and in answers to changes. */
  waves?: Wave[];
  receipts?: ReceiptCounts;
  createdAt: string;
  firstPushAt: string | null;
  closedAt: string | null;
};

export type CampaignReceipts = {
  /** Null if its pushes carry no receipt key: the app has receipts switched off. */
  receipts: {
    opened: number;
    /** Of a share of the devices, chosen by their ids, unless the app asks for all. */
    delivered: number;
    dismissed: number;
    /** About how many devices got it; where only a share reports it. */
    estimated?: {
      delivered: number;
      low: number;
      /** In 95 of 100 cases it is from `low` to `high`. */
      high: number;
      /** Of the devices that report `delivered`. */
      share: number;
    };
  };
  opened: {
    /** Between two points. */
    everyMinutes: number;
    /** False: the curve is drawn from a part of the receipts; its end is exact. */
    exact: boolean;
    /** Devices that had opened it by then, the oldest point first. */
    points: Array<{
      at: string;
      opened: number;
    }>;
  };
};

export type CampaignRequest = {
  name: string;
  app?: string;
  audience: Audience;
  message: Message;
  rate?: {
    perMinute: number;
  };
  schedule?: CampaignSchedule;
  canary?: Canary;
  /** Does everything but send: recipients are skipped, except those that FCM, which can check a push, would refuse. Those have failed; their tokens are kept. */
  dryRun?: boolean;
  /** To the people named in the audience alone, and marked as a test ever after. */
  test?: boolean;
};

export type CampaignSchedule = {
  /** When it begins; RFC 3339, not in the past. */
  at?: string;
  /** What the clock of each device shows when it is sent to. */
  local?: string;
  /** What becomes of devices whose `local` time has passed already: they are sent to `now`, at that time of the `next-day`, or are counted as skipped. `now` if left out. */
  late?: 'now' | 'next-day' | 'skip';
};

export type Canary = {
  /** About so many of the recipients go first, by chance; with waves the earliest. */
  percent: number;
  /** How long the others wait once all of the first have an outcome. */
  holdSeconds?: number;
  /** Of those with an outcome, the uninstalled not counted. Above it the campaign is paused, then and for the rest of it. */
  maxFailureRate?: number;
};

export type Change = {
  at: string;
  /** An API key, a Firebase user, a schedule, or `system`. */
  by: string;
  from: 'accepted' | 'scheduled' | 'running' | 'paused' | 'cancelling' | 'completed' | 'cancelled' | null;
  to: 'accepted' | 'scheduled' | 'running' | 'paused' | 'cancelling' | 'completed' | 'cancelled';
  reason: string | null;
};

export type Checked = {
  /** All faults. None: the request would be accepted. */
  faults: Array<{
    path: string;
    message: string;
    /** The status with which the request would be refused. */
    status: 400 | 422;
  }>;
};

export type Costs = {
  campaigns: number;
  recipients: number;
  /** About what they cost on Google Cloud, at list prices, without free quotas. */
  costUsd: number;
  /** False if there are more campaigns than are added up: about the newest 2,000. */
  complete: boolean;
};

export type DeadLetter = {
  id: string;
  deadAt: string;
  attempts: number | null;
  attributes: Record<string, string>;
  /** Its first 10000 characters. */
  data: string;
};

export type Doctor = {
  findings: Array<{
    check: string;
    state: 'well' | 'fault' | 'unknown';
    detail: string;
    /** What to do about it. */
    next?: string;
  }>;
};

export type Erased = {
  installations: number;
  recipients: number;
  failures: number;
  /** More may be erased within minutes: there are many campaigns. */
  queued?: true;
};

export type Estimate = {
  installations: number;
  /** True if all were counted. A large audience is estimated from a fair sample. */
  exact: boolean;
  /** How many it is in 95 of 100 cases. Both ends are the same if it is exact; without a match in the sample the upper end says how many there may still be. */
  interval: {
    low: number;
    high: number;
  };
  /** Changes after that time may be missing: a quick estimate of a large registry reads what is kept packed of it. null: none is. */
  asOf: string | null;
  /** The installations of the audience that were counted. */
  counted: number;
  platforms: Record<string, number>;
  providers: Record<string, number>;
  /** The 50 most frequent; "" has none. */
  languages: Record<string, number>;
  /** granted, denied, provisional; unknown: the app has not told. */
  permissions: Record<string, number>;
  /** How many can see anything: all but those whose permission is denied. */
  visible: number;
  /** The installations by the instant at which they are sent to, the earliest first. [] if they are sent to immediately: the campaign has no local time, and no quiet hours hold for it. */
  waves: Array<{
    at: string;
    /** Those in which some were counted, the most frequent first. Devices that tell none are in the default one. */
    zones: string[];
    installations: number;
    /** They wait for the end of quiet hours. */
    held: boolean;
    /** Their time has passed, and they are skipped. */
    late: boolean;
  }>;
  /** How many wait for the end of quiet hours, and until when the last of them do. null: none do. */
  held: {
    installations: number;
    until: string;
  };
  /** How many are sent to first, in how many of the first waves (0: it has none), and when the last of these begins. null: it has no canary. */
  canary: {
    installations: number;
    waves: number;
    until: string | null;
  };
  /** From the acknowledgement on, at 10,000 pushes a second to each provider (the default quota of FCM), or at the campaign's own pace. With waves, from the first of them on. */
  seconds: number;
  /** Caps of the app that hold for it. Devices over one of them are counted here as all others: who they are is known when the recipients are frozen. */
  caps: Array<{
    max: number;
    per: string;
  }>;
  /** About what it costs on Google Cloud, at list prices. */
  costUsd: number;
  problems: Array<{
    severity: 'error' | 'warning';
    kind: 'fault' | 'nobody' | 'no-credentials' | 'no-translation' | 'no-value' | 'too-large' | 'not-carried' | 'not-capped' | 'expired-tokens' | 'no-zone' | 'late' | 'slow-wave' | 'small-canary';
    message: string;
    installations: number;
    /** Ids of a few of them. */
    examples: string[];
  }>;
};

export type EstimateRequest = {
  name?: string;
  app?: string;
  audience: Audience;
  message?: Message;
  rate?: {
    perMinute: number;
  };
  schedule?: CampaignSchedule;
  canary?: Canary;
  /** Does everything but send: recipients are skipped, except those that FCM, which can check a push, would refuse. Those have failed; their tokens are kept. */
  dryRun?: boolean;
  /** To the people named in the audience alone, and marked as a test ever after. */
  test?: boolean;
};

export type EventCampaignAccepted = {
  specversion: '1.0';
  /** The same when it is delivered again. */
  id: string;
  source: 'volley';
  type: 'campaign.accepted';
  /** The campaign's id, or the webhook's. */
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  app?: string;
  data: {
    campaign: {
      id: string;
      app: string;
      name: string;
      state: 'accepted' | 'scheduled' | 'running' | 'paused' | 'cancelling' | 'completed' | 'cancelled';
      reason: string | null;
      createdAt: string;
    };
  };
};

export type EventCampaignCompleted = {
  specversion: '1.0';
  /** The same when it is delivered again. */
  id: string;
  source: 'volley';
  type: 'campaign.completed';
  /** The campaign's id, or the webhook's. */
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  app?: string;
  data: {
    campaign: {
      id: string;
      app: string;
      name: string;
      state: 'accepted' | 'scheduled' | 'running' | 'paused' | 'cancelling' | 'completed' | 'cancelled';
      reason: string | null;
      createdAt: string;
    };
    counts: {
      recipients: number;
      accepted: number;
      failed: number;
      skipped: number;
      pending: number;
      /** Of those that are skipped: by a cap of the app, and since their local time had passed. */
      skippedBy?: {
        capped?: number;
        late?: number;
      };
      /** Waited, or wait, for the end of quiet hours; left out if none do. */
      held?: number;
      /** When the last of these may be sent. */
      heldUntil?: string;
    };
    /** There only if visibly many of the audience were not read: installations counted before planning that are neither recipients nor left out. */
    unread?: number;
    closedAt: string;
    /** Of the failures, the most frequent first, 20 at most. */
    reasons: Array<{
      reason: string;
      count: number;
    }>;
  };
};

export type EventCampaignFailed = {
  specversion: '1.0';
  /** The same when it is delivered again. */
  id: string;
  source: 'volley';
  type: 'campaign.failed';
  /** The campaign's id, or the webhook's. */
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  app?: string;
  data: {
    campaign: {
      id: string;
      app: string;
      name: string;
      state: 'accepted' | 'scheduled' | 'running' | 'paused' | 'cancelling' | 'completed' | 'cancelled';
      reason: string | null;
      createdAt: string;
    };
    counts: {
      recipients: number;
      accepted: number;
      failed: number;
      skipped: number;
      pending: number;
      /** Of those that are skipped: by a cap of the app, and since their local time had passed. */
      skippedBy?: {
        capped?: number;
        late?: number;
      };
      /** Waited, or wait, for the end of quiet hours; left out if none do. */
      held?: number;
      /** When the last of these may be sent. */
      heldUntil?: string;
    };
    /** There only if visibly many of the audience were not read: installations counted before planning that are neither recipients nor left out. */
    unread?: number;
    closedAt: string;
    /** Of the failures, the most frequent first, 20 at most. */
    reasons: Array<{
      reason: string;
      count: number;
    }>;
  };
};

export type EventCampaignPaused = {
  specversion: '1.0';
  /** The same when it is delivered again. */
  id: string;
  source: 'volley';
  type: 'campaign.paused';
  /** The campaign's id, or the webhook's. */
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  app?: string;
  data: {
    campaign: {
      id: string;
      app: string;
      name: string;
      state: 'accepted' | 'scheduled' | 'running' | 'paused' | 'cancelling' | 'completed' | 'cancelled';
      reason: string | null;
      createdAt: string;
    };
  };
};

export type EventCampaignProgress = {
  specversion: '1.0';
  /** The same when it is delivered again. */
  id: string;
  source: 'volley';
  type: 'campaign.progress';
  /** The campaign's id, or the webhook's. */
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  app?: string;
  data: {
    campaign: {
      id: string;
      app: string;
      name: string;
      state: 'accepted' | 'scheduled' | 'running' | 'paused' | 'cancelling' | 'completed' | 'cancelled';
      reason: string | null;
      createdAt: string;
    };
    counts: {
      recipients: number;
      accepted: number;
      failed: number;
      skipped: number;
      pending: number;
      /** Of those that are skipped: by a cap of the app, and since their local time had passed. */
      skippedBy?: {
        capped?: number;
        late?: number;
      };
      /** Waited, or wait, for the end of quiet hours; left out if none do. */
      held?: number;
      /** When the last of these may be sent. */
      heldUntil?: string;
    };
  };
};

export type EventCampaignReceipts = {
  specversion: '1.0';
  /** The same when it is delivered again. */
  id: string;
  source: 'volley';
  type: 'campaign.receipts';
  /** The campaign's id, or the webhook's. */
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  app?: string;
  data: {
    campaign: {
      id: string;
      app: string;
      name: string;
      state: 'accepted' | 'scheduled' | 'running' | 'paused' | 'cancelling' | 'completed' | 'cancelled';
      reason: string | null;
      createdAt: string;
    };
    counts: {
      recipients: number;
      accepted: number;
      failed: number;
      skipped: number;
      pending: number;
      /** Of those that are skipped: by a cap of the app, and since their local time had passed. */
      skippedBy?: {
        capped?: number;
        late?: number;
      };
      /** Waited, or wait, for the end of quiet hours; left out if none do. */
      held?: number;
      /** When the last of these may be sent. */
      heldUntil?: string;
    };
    /** Devices. `delivered` is of a sample, unless the app asks for all. */
    receipts: {
      opened: number;
      delivered: number;
      dismissed: number;
    };
  };
};

export type EventCampaignStarted = {
  specversion: '1.0';
  /** The same when it is delivered again. */
  id: string;
  source: 'volley';
  type: 'campaign.started';
  /** The campaign's id, or the webhook's. */
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  app?: string;
  data: {
    campaign: {
      id: string;
      app: string;
      name: string;
      state: 'accepted' | 'scheduled' | 'running' | 'paused' | 'cancelling' | 'completed' | 'cancelled';
      reason: string | null;
      createdAt: string;
    };
  };
};

export type EventInstallationUnregistered = {
  specversion: '1.0';
  /** The same when it is delivered again. */
  id: string;
  source: 'volley';
  type: 'installation.unregistered';
  /** The campaign's id, or the webhook's. */
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  app?: string;
  data: {
    campaignId: string;
    app: string;
    provider: 'apns' | 'fcm';
    installations: Array<{
      id: string;
      since: string;
    }>;
  };
};

export type EventPushFailed = {
  specversion: '1.0';
  /** The same when it is delivered again. */
  id: string;
  source: 'volley';
  type: 'push.failed';
  /** The campaign's id, or the webhook's. */
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  app?: string;
  data: {
    campaignId: string;
    app: string;
    provider: 'apns' | 'fcm';
    failures: Array<{
      installationId: string;
      outcome: 'rejected' | 'unregistered' | 'retry' | 'unknown' | 'blocked';
      reason: string;
      attempts: number;
      at: string;
    }>;
  };
};

export type EventWebhookDisabled = {
  specversion: '1.0';
  /** The same when it is delivered again. */
  id: string;
  source: 'volley';
  type: 'webhook.disabled';
  /** The campaign's id, or the webhook's. */
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  app?: string;
  data: {
    webhookId: string;
    host: string;
    reason: string;
  };
};

export type EventWebhookTest = {
  specversion: '1.0';
  /** The same when it is delivered again. */
  id: string;
  source: 'volley';
  type: 'webhook.test';
  /** The campaign's id, or the webhook's. */
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  app?: string;
  data: {
    webhookId: string;
  };
};

export type FailedPing = {
  id: string;
  at: string;
  faults: Array<{
    path: string;
    message: string;
  }>;
  /** As it came. */
  body: string;
};

export type Failure = {
  installationId: string;
  token: string;
  provider: 'apns' | 'fcm';
  outcome: 'rejected' | 'unregistered' | 'retry' | 'unknown' | 'blocked';
  reason: string;
  attempts: number;
  at: string;
  /** The token was dead, so the installation was removed. */
  pruned: boolean;
  /** What the provider says beyond the reason; empty if nothing. */
  detail: string;
};

export type FindInstallations = {
  app?: string;
  userId?: string;
  /** In any spelling: capitals of an APNs token, spaces. */
  token?: string;
  limit?: number;
  after?: string;
};

export type Imported = {
  /** Rows, without the header and empty lines. */
  read: number;
  /** Rows that were not rejected: the sum of the next four. */
  stored: number;
  inserted: number;
  updated: number;
  /** Were stored already with the same fields, and were not written. */
  unchanged: number;
  /** A later row had the same id, or the same token. */
  superseded: number;
  /** Installations that were removed because a row has their token now. */
  tokensMoved: number;
  rejected: number;
  /** Stored without a cell that could not be read. */
  warned: number;
  /** Faults of rows that were rejected: the first 1000. */
  faults: Array<{
    line: number;
    message: string;
  }>;
  /** Warnings for rows that were stored without a cell: the first 1000. */
  warnings: Array<{
    line: number;
    message: string;
  }>;
};

export type Installation = {
  id: string;
  app?: string;
  platform: 'ios' | 'android' | 'web';
  /** apns for ios, fcm for the others, unless named. */
  provider?: 'apns' | 'fcm';
  /** APNs's is kept in lower case; FCM's as it is. */
  token: string;
  environment?: 'production' | 'sandbox';
  /** BCP 47, kept in its canonical form; the spellings of Java, Android, iOS and POSIX are read (`zh_TW_#Hant`, `iw`, `en_US`, `de_DE.UTF-8`). */
  language?: string;
  /** A name of IANA's, kept as the current one: `Asia/Calcutta` and `asia/kolkata` are `Asia/Kolkata`. `+02:00` is none. */
  timeZone?: string;
  /** ISO 3166-1 alpha-2, kept in capitals; `UK` is `GB`. */
  country?: string;
  appVersion?: string;
  userId?: string;
  /** True: the installation is kept, but never sent to. Left out: the stored value is kept. */
  optedOut?: boolean;
  /** Categories of messages that it is not sent, such as `marketing`; [] for none. Left out: the stored ones are kept. */
  optedOutOf?: string[];
  /** Whether the system lets the app show notifications. denied: nothing is shown, also before people were asked; pushes are sent nevertheless, and counted. provisional: shown quietly (iOS). Left out: not known. */
  permission?: 'granted' | 'denied' | 'provisional';
  tags?: string[];
  attributes?: Record<string, string | number | boolean>;
  refreshedAt: string;
};

export type InstallationCounts = {
  app: string;
  /** Those that have not opted out. The counts by platform and so on are of them. */
  installations: number;
  /** True if all were counted; otherwise it is extrapolated from a fair sample. */
  exact: boolean;
  /** How many installations it is in 95 of 100 cases. */
  interval: {
    low: number;
    high: number;
  };
  /** Changes after that time may be missing; null: none is. */
  asOf: string | null;
  /** The size of the sample, or all of them. */
  counted: number;
  platforms: Record<string, number>;
  /** The 50 most frequent; "" has none. */
  languages: Record<string, number>;
  /** granted, denied, provisional; unknown: the app has not told. */
  permissions: Record<string, number>;
  /** null: not known. */
  optedOut: number | null;
};

export type Key = {
  id: string;
  name: string;
  scopes: Array<'campaigns' | 'installations' | 'read' | 'register' | 'admin'>;
  app: string | null;
  createdAt: string | null;
};

export type KeyRequest = {
  name: string;
  scopes: Array<'campaigns' | 'installations' | 'read' | 'register' | 'admin'>;
  /** For a key with the scope `register`: the app that it registers for. */
  app?: string;
};

export type LocalizedMessage = {
  title?: string;
  /** Between title and body on iPhones; Android and browsers have none. */
  subtitle?: string;
  body?: string;
  data?: Record<string, string>;
  imageUrl?: string;
  sound?: string;
  /** What a tap opens. Apps find it in their data, under `link`; browsers open it by themselves, if it is https. It takes no variables: put what differs by recipient into data. */
  link?: string;
  /** Opened by a click on a web push, in place of link. */
  webLink?: string;
};

export type Me = {
  /** As histories name the caller. */
  name: string;
  scopes: Array<'campaigns' | 'installations' | 'read' | 'register' | 'admin'>;
  /** The only app of a registration key. */
  app: string | null;
  /** True if the providers are simulated here: no device gets anything. */
  simulated: boolean;
};

/** In title, subtitle, body and data, and in overrides, {{name}} stands for the attribute of that name of the installation, and {{name|there}} for "there" where it has none. */
export type Message = {
  title?: string;
  /** Between title and body on iPhones; Android and browsers have none. */
  subtitle?: string;
  body?: string;
  data?: Record<string, string>;
  imageUrl?: string;
  sound?: string;
  /** What a tap opens. Apps find it in their data, under `link`; browsers open it by themselves, if it is https. It takes no variables: put what differs by recipient into data. */
  link?: string;
  /** Opened by a click on a web push, in place of link. */
  webLink?: string;
  /** A number is shown as it is; "+1" counts up from what the installation has, and that is kept. Android counts up by itself. */
  badge?: number | string;
  ttlSeconds?: number;
  collapseId?: string;
  priority?: 'high' | 'normal';
  /** The id of one of the app's notification channels. Since Android 8 the channel decides on sound, vibration and how much a notification interrupts. Where the app has not made it, FCM takes the default of its manifest. */
  androidChannel?: string;
  /** Of an iPhone's notification: passive neither lights up the screen nor sounds, time-sensitive breaks through a Focus, critical through the mute switch as well; the last two need an entitlement of Apple. Browsers show a passive one silently. On Android it is up to the channel. */
  interruption?: 'passive' | 'active' | 'time-sensitive' | 'critical';
  /** Notifications with the same one are a group on iPhones. FCM has no such field. */
  threadId?: string;
  /** The buttons of the notification: the identifier of a category that the iOS app has registered. For browsers give fcm.webpush.notification.actions. */
  actions?: string;
  /** What kind of message it is to the people who get it, such as `marketing`. Installations that have opted out of it are no recipients. Nothing of it is sent. The category of Apple is `actions`. */
  category?: string;
  /** Under which Firebase's delivery reports count an FCM message. Without one, a campaign to about 90,000 installations or more has its id there, unless its app wants no receipts. */
  analyticsLabel?: string;
  apns?: ApnsOptions;
  /** Merged over the FCM message, by the names of its REST reference. */
  fcm?: {
    token?: null;
    topic?: null;
    condition?: null;
    fid?: null;
    name?: null;
    data?: Record<string, string> | null;
    notification?: {
      title?: string | null;
      body?: string | null;
      image?: string | null;
    };
    android?: {
      collapse_key?: string | null;
      priority?: string | null;
      ttl?: string | null;
      restricted_package_name?: string | null;
      data?: Record<string, string> | null;
      notification?: {
        title?: string | null;
        body?: string | null;
        icon?: string | null;
        color?: string | null;
        sound?: string | null;
        tag?: string | null;
        click_action?: string | null;
        body_loc_key?: string | null;
        body_loc_args?: string[] | null;
        title_loc_key?: string | null;
        title_loc_args?: string[] | null;
        channel_id?: string | null;
        ticker?: string | null;
        sticky?: boolean | null;
        event_time?: string | null;
        local_only?: boolean | null;
        notification_priority?: string | null;
        default_sound?: boolean | null;
        default_vibrate_timings?: boolean | null;
        default_light_settings?: boolean | null;
        vibrate_timings?: string[] | null;
        visibility?: string | null;
        notification_count?: number | string | null;
        light_settings?: {
          color: {
            red?: number | null;
            green?: number | null;
            blue?: number | null;
            alpha?: number | null;
          };
          light_on_duration: string;
          light_off_duration: string;
        };
        image?: string | null;
        bypass_proxy_notification?: boolean | null;
        proxy?: string | null;
      };
      fcm_options?: {
        analytics_label?: string | null;
      };
      direct_boot_ok?: boolean | null;
      bandwidth_constrained_ok?: boolean | null;
      restricted_satellite_ok?: boolean | null;
    };
    webpush?: {
      headers?: Record<string, string> | null;
      data?: Record<string, string> | null;
      notification?: Record<string, unknown> | null;
      fcm_options?: {
        link?: string | null;
        analytics_label?: string | null;
      };
    };
    apns?: {
      headers?: Record<string, string> | null;
      payload?: {
        aps?: {
          alert?: string | {
            title?: string | {
              'loc-key': string;
              'loc-args'?: string[];
            };
            subtitle?: string;
            body?: string | {
              'loc-key': string;
              'loc-args'?: string[];
            };
            'launch-image'?: string;
            'title-loc-key'?: string;
            'title-loc-args'?: string[];
            'subtitle-loc-key'?: string;
            'subtitle-loc-args'?: string[];
            'loc-key'?: string;
            'loc-args'?: string[];
            'action-loc-key'?: string;
            sound?: string;
          } & Record<string, unknown>;
          badge?: number;
          sound?: string | {
            critical?: 0;
            name: string;
            volume?: number;
          };
          'thread-id'?: string;
          category?: string;
          'content-available'?: 0;
          'mutable-content'?: 0;
          'target-content-id'?: string;
          'interruption-level'?: string;
          'relevance-score'?: number;
          'filter-criteria'?: string;
          'url-args'?: string[];
          'content-changed'?: boolean;
          timestamp?: number;
          'stale-date'?: number;
          'dismissal-date'?: number;
          event?: string;
          'content-state'?: Record<string, unknown>;
          'attributes-type'?: string;
          attributes?: Record<string, unknown>;
          'input-push-channel'?: string;
          'input-push-token'?: 0;
        } & Record<string, unknown>;
      } & Record<string, unknown>;
      fcm_options?: {
        analytics_label?: string | null;
        image?: string | null;
      };
      live_activity_token?: string | null;
    };
    fcm_options?: {
      analytics_label?: string | null;
    };
  };
  /** True: all texts are as they stand, {{name}} is no variable. */
  literal?: boolean;
  /** What differs in a language, by its tag. An installation gets the nearest that it reads, by CLDR: one of pt-BR gets pt-BR, else pt; es-MX, else es-419, else es; zh-HK, else zh-Hant, never zh; nb and no are one. Else it gets what stands outside. */
  localized?: Record<string, LocalizedMessage>;
};

export type MessageOutcome = {
  name: string;
  app?: string;
  audience: Audience;
  message: Message;
  rate?: {
    perMinute: number;
  };
  schedule?: {
    at?: string;
    local?: string;
    late?: 'now' | 'next-day' | 'skip';
  };
  canary?: Canary;
  /** Does everything but send: recipients are skipped, except those that FCM, which can check a push, would refuse. Those have failed; their tokens are kept. */
  dryRun?: boolean;
  /** To the people named in the audience alone, and marked as a test ever after. */
  test?: boolean;
  id: string;
  /** What made it. message: POST /v1/messages. trigger: an inbound webhook. */
  kind: 'campaign' | 'message' | 'trigger';
  /** The schedule that started it. */
  scheduleId?: string;
  /** The campaign whose failures it retries. */
  retryOf?: string;
  /** canary: the rest waits for the canary. off: it was resumed in spite of failures. */
  guard?: 'canary' | 'off';
  state: 'accepted' | 'scheduled' | 'running' | 'paused' | 'cancelling' | 'completed' | 'cancelled';
  /** Why it is paused. */
  reason: string | null;
  /** Live. recipients = accepted + failed + skipped + pending. */
  counts: {
    recipients: number;
    /** APNs or FCM accepted the push. They do not say whether a device shows it. */
    accepted: number;
    failed: number;
    skipped: number;
    /** Without an outcome yet. */
    pending: number;
    /** Why so many of the skipped are; left out if none are for a reason named here. A dry run and a cancellation skip the others. */
    skippedBy?: {
      /** By a cap of the app. */
      capped?: number;
      /** Their local time had passed. */
      late?: number;
    };
    /** Waited, or wait, for the end of quiet hours; left out if none do. */
    held?: number;
    /** When the last of these may be sent. */
    heldUntil?: string;
  };
  /** About how many recipients it has in all its waves, by a sample that was taken when it was planned. Left out without waves, and once it is closed. */
  expected?: number;
  /** Its recipients by the instant at which they are sent to, where it has a local time or quiet hours hold it, once it is planned. Left out in lists, and in answers to changes. */
  waves?: Wave[];
  receipts?: ReceiptCounts;
  createdAt: string;
  firstPushAt: string | null;
  closedAt: string | null;
  /** With shortened tokens. */
  failures: Failure[];
};

export type MessageRequest = {
  app?: string;
  userIds?: string[];
  installationIds?: string[];
  tokens?: string[];
  message: Message;
  /** Does everything but send: recipients are skipped, except those that FCM, which can check a push, would refuse. Those have failed; their tokens are kept. */
  dryRun?: boolean;
};

export type NewKey = {
  id: string;
  name: string;
  scopes: Array<'campaigns' | 'installations' | 'read' | 'register' | 'admin'>;
  app: string | null;
  createdAt: string | null;
  /** Shown only now; only its hash is stored. */
  key: string;
};

export type Normalize = {
  /** The `next` of the call before; null to begin. */
  after?: string;
};

export type Normalized = {
  read: number;
  changed: number;
  /** Had the same token as another installation, which registered later. */
  removed: number;
  /** Call again with it; null at the end. */
  next: string | null;
};

/** RFC 9457. `faults` names every fault, not only the first. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** What to do about it. */
  next: string;
  faults?: Array<{
    path: string;
    message: string;
  }>;
};

export type Prune = {
  app?: string;
  run: string;
  /** The `next` of the call before this one. */
  after?: string | null;
  /** Only counts the installations. */
  dryRun?: boolean;
};

export type Pruned = {
  /** Removed by this call. */
  found: number;
  /** Call again with it; null at the end. */
  next: string | null;
};

export type PublishedRows = {
  /** Names this export in its events. */
  run: string;
  events: number;
  recipients: number;
  receipts: number;
};

export type PushToDevice = {
  campaign: {
    id: string;
    name: string;
    app: string;
    state: 'accepted' | 'scheduled' | 'running' | 'paused' | 'cancelling' | 'completed' | 'cancelled';
    createdAt: string;
  };
  /** accepted: the provider took the push, and does not say whether the device shows it. in-doubt: sent, not answered, and sent once more. not-tracked: a topic. unknown: no longer known. */
  state: 'accepted' | 'failed' | 'skipped' | 'waiting' | 'in-doubt' | 'not-planned' | 'not-in-audience' | 'not-tracked' | 'unknown';
  /** One or two sentences for people. */
  summary: string;
  /** What to do; empty if nothing. */
  next: string;
  /** null: it is no recipient. */
  delivery: {
    shard: number;
    chunkId: string;
    /** Its place in the chunk, from 0. */
    index: number;
    /** Recipients of the chunk. */
    size: number;
    provider: 'apns' | 'fcm';
    environment: 'production' | 'sandbox';
    attempts: number;
    /** null: none yet, or an earlier version did not keep it. */
    outcome: 'accepted' | 'rejected' | 'unregistered' | 'retry' | 'unknown' | 'blocked' | 'skipped' | 'capped' | 'late' | null;
    reason: string | null;
    detail: string | null;
    /** Of the reason, as a sentence. */
    meaning: string | null;
    /** The token was dead: the installation was removed. */
    pruned: boolean;
    /** For a question to the provider: the `apns-id` that APNs was given, null if no push has left; or the `name` in the answer of FCM, which is kept of messages only, if it accepted the push in their first attempt. */
    pushId: {
      header: string;
      value: string;
    };
    frozenAt: string | null;
    /** The last attempt at its chunk began. */
    claimedAt: string | null;
    /** That attempt ended. */
    releasedAt: string | null;
    /** It is not sent before that. */
    notBefore: string | null;
    expiresAt: string;
  };
};

/** Devices that reported what happened to the push, each counted once for each kind. They are claims of devices, and no part of `counts`. Left out in lists, in answers to changes, and where the app has receipts switched off. */
export type ReceiptCounts = {
  opened: number;
  /** Of a share of the devices, chosen by their ids, unless the app asks for all. */
  delivered: number;
  dismissed: number;
  /** About how many devices got it; where only a share reports it. */
  estimated?: {
    delivered: number;
    low: number;
    /** In 95 of 100 cases it is from `low` to `high`. */
    high: number;
    /** Of the devices that report `delivered`. */
    share: number;
  };
};

export type Receipts = {
  receipts: Array<{
    installationId: string;
    /** `c` of the key `volley` in the push. */
    campaignId: string;
    kind: 'opened' | 'delivered' | 'dismissed';
    /** When it happened, by the clock of the device. The future becomes now, and a time before the campaign its begin. */
    at: string;
  }>;
};

export type ReceiptsTaken = {
  /** New ones. */
  counted: number;
  /** Counted before; a repeat changes nothing. */
  known: number;
  /** Not counted, and not worth another try: the campaign or the installation is unknown, of another app, or past its retention; the app has switched receipts off; or the device is not in the sample that reports `delivered`. */
  dropped: number;
};

export type Registration = {
  app?: string;
  platform: 'ios' | 'android' | 'web';
  /** apns for ios, fcm for the others, unless named. */
  provider?: 'apns' | 'fcm';
  /** APNs's is kept in lower case; FCM's as it is. */
  token: string;
  environment?: 'production' | 'sandbox';
  /** BCP 47, kept in its canonical form; the spellings of Java, Android, iOS and POSIX are read (`zh_TW_#Hant`, `iw`, `en_US`, `de_DE.UTF-8`). */
  language?: string;
  /** A name of IANA's, kept as the current one: `Asia/Calcutta` and `asia/kolkata` are `Asia/Kolkata`. `+02:00` is none. */
  timeZone?: string;
  /** ISO 3166-1 alpha-2, kept in capitals; `UK` is `GB`. */
  country?: string;
  appVersion?: string;
  userId?: string;
  /** True: the installation is kept, but never sent to. Left out: the stored value is kept. */
  optedOut?: boolean;
  /** Categories of messages that it is not sent, such as `marketing`; [] for none. Left out: the stored ones are kept. */
  optedOutOf?: string[];
  /** Whether the system lets the app show notifications. denied: nothing is shown, also before people were asked; pushes are sent nevertheless, and counted. provisional: shown quietly (iOS). Left out: not known. */
  permission?: 'granted' | 'denied' | 'provisional';
  tags?: string[];
  attributes?: Record<string, string | number | boolean>;
};

export type RegistrationChange = {
  platform?: 'ios' | 'android' | 'web';
  /** apns for ios, fcm for the others, unless named. */
  provider?: 'apns' | 'fcm';
  /** APNs's is kept in lower case; FCM's as it is. */
  token?: string;
  environment?: 'production' | 'sandbox';
  /** BCP 47, kept in its canonical form; the spellings of Java, Android, iOS and POSIX are read (`zh_TW_#Hant`, `iw`, `en_US`, `de_DE.UTF-8`). */
  language?: string | null;
  /** A name of IANA's, kept as the current one: `Asia/Calcutta` and `asia/kolkata` are `Asia/Kolkata`. `+02:00` is none. */
  timeZone?: string | null;
  /** ISO 3166-1 alpha-2, kept in capitals; `UK` is `GB`. */
  country?: string | null;
  appVersion?: string | null;
  userId?: string | null;
  /** True: the installation is kept, but never sent to. Left out: the stored value is kept. */
  optedOut?: boolean;
  /** Categories of messages that it is not sent, such as `marketing`; [] for none. Left out: the stored ones are kept. */
  optedOutOf?: string[];
  /** Whether the system lets the app show notifications. denied: nothing is shown, also before people were asked; pushes are sent nevertheless, and counted. provisional: shown quietly (iOS). Left out: not known. */
  permission?: 'granted' | 'denied' | 'provisional' | null;
  tags?: string[];
  /** Those that are sent are changed, or removed by null; others stay. */
  attributes?: Record<string, string | number | boolean | null>;
};

export type RenderRequest = {
  app?: string;
  message: Message;
  platform: 'ios' | 'android' | 'web';
  /** apns for ios, fcm for the others, unless named. */
  provider?: 'apns' | 'fcm';
  environment?: 'production' | 'sandbox';
  /** BCP 47, kept in its canonical form; the spellings of Java, Android, iOS and POSIX are read (`zh_TW_#Hant`, `iw`, `en_US`, `de_DE.UTF-8`). */
  language?: string;
  attributes?: Record<string, string | number | boolean>;
};

export type RenderedMessage = {
  /** The provider that would send it. */
  provider: 'apns' | 'fcm';
  /** Null: the default of the message. */
  language: string | null;
  /** Parts of the message that this push leaves out, and variables without a value. */
  warnings: Array<{
    path: string;
    message: string;
  }>;
  /** For these it could not be sent, such as a payload that is too large. */
  faults: Array<{
    path: string;
    message: string;
  }>;
  headers: Record<string, string | number>;
  payload: Record<string, unknown>;
  /** As the provider counts them. */
  bytes: number;
  mostBytes: number;
};

export type Report = {
  campaign: Campaign;
  /** True if the campaign is closed and every recipient is counted once. */
  ledgerClosed: boolean;
  /** What became of its canary; null if it has none, or has not begun. */
  canary: {
    /** waiting: the others wait for it. passed. overruled: an operator resumed the campaign in spite of it. stopped: the campaign is closed, and the others were not sent. */
    state: 'waiting' | 'passed' | 'overruled' | 'stopped';
    recipients: number;
    accepted: number;
    failed: number;
    /** It has too few recipients to say much. */
    small: boolean;
  };
  /** From acceptance, or its scheduled time, to the close or to now; null if it never began. */
  seconds: number | null;
  /** Pushes accepted by the providers, from the first push on; null for fewer than two. */
  perSecond: number | null;
  /** Reasons of the failures, the most frequent first. */
  reasons: Array<{
    reason: string;
    count: number;
    /** As a sentence; null if not known. */
    meaning: string | null;
    /** What to do about it. */
    next: string | null;
  }>;
  /** Installations that were removed because their tokens were dead; the failures name them. */
  pruned: Array<{
    reason: string;
    count: number;
  }>;
  /** Recipients without a value or a default for a variable. */
  missing: Record<string, number>;
  /** Recipients, less those whose `permission` was denied when it was planned. */
  visible: number;
  /** Installations of the audience, as it was counted before planning, that are neither recipients nor left out. 0 unless there are many. */
  unread: number;
  /** About what a campaign of that size costs on Google Cloud, at list prices. */
  costUsd: number;
  /** A few, with shortened tokens. */
  examples: Failure[];
};

export type Root = {
  name: string;
  description: string;
  /** Of the API: `info.version` of its description. */
  version: string;
  links: {
    api: string;
    health: string;
  };
  next: string;
};

export type Schedule = {
  name: string;
  /** Minute, hour, day of the month, month, day of the week. A time that a change to summer time leaves out runs when the clock has jumped; one that comes twice in autumn runs once. */
  cron: string;
  /** The zone of cron's times; `UTC` if left out. Kept as IANA's current name: `UTC` is `Etc/UTC`. */
  timeZone?: string;
  /** cron's times are those of each device's own clock: a run begins when the first clock of the world shows its time, and ends 26 hours later with the last one. `timeZone` then says nothing, and is refused. */
  local?: boolean;
  /** With `local`: what becomes of devices whose time passed more than 15 minutes before the run could be started, since the system was down. They are sent to `now`, at that time of the `next-day`, or are counted as skipped, as they are with `missed: skip`. A device that the next run reaches no later is skipped. `now` if left out. */
  late?: 'now' | 'next-day' | 'skip';
  until?: string;
  maxRuns?: number;
  /** What becomes of runs whose time passed while the system was down: one run makes up for all of them, or none. With `local`, that is so for each device. */
  missed?: 'once' | 'skip';
  campaign: CampaignRequest;
  id: string;
  state: 'active' | 'paused' | 'ended';
  /** Runs that were started at their times, without those started by a call. */
  runs: number;
  /** The next 10; with `runsUntil` those before that time, at most 100. Points in time; with `local`, what the clocks of devices show, such as `2030-12-24T09:00`. */
  nextRuns: string[];
  lastCampaignId: string | null;
  createdAt: string;
};

export type ScheduleRequest = {
  name: string;
  /** Minute, hour, day of the month, month, day of the week. A time that a change to summer time leaves out runs when the clock has jumped; one that comes twice in autumn runs once. */
  cron: string;
  /** The zone of cron's times; `UTC` if left out. Kept as IANA's current name: `UTC` is `Etc/UTC`. */
  timeZone?: string;
  /** cron's times are those of each device's own clock: a run begins when the first clock of the world shows its time, and ends 26 hours later with the last one. `timeZone` then says nothing, and is refused. */
  local?: boolean;
  /** With `local`: what becomes of devices whose time passed more than 15 minutes before the run could be started, since the system was down. They are sent to `now`, at that time of the `next-day`, or are counted as skipped, as they are with `missed: skip`. A device that the next run reaches no later is skipped. `now` if left out. */
  late?: 'now' | 'next-day' | 'skip';
  /** No run after that time. With `local`, the time of a run is compared as if it was in UTC. */
  until?: string;
  maxRuns?: number;
  /** What becomes of runs whose time passed while the system was down: one run makes up for all of them, or none. With `local`, that is so for each device. */
  missed?: 'once' | 'skip';
  campaign: CampaignRequest;
};

export type Segment = {
  app: string;
  name: string;
  audience: SegmentAudience;
  updatedAt: string;
};

export type SegmentAudience = {
  /** All installations of the app. Goes with nothing else. */
  everybody?: true;
  platform?: 'ios' | 'android' | 'web' | Array<'ios' | 'android' | 'web'>;
  /** Installations that read one of them, by CLDR: `pt` is `pt` and every `pt-…`, `pt-BR` is not `pt`; `es-419` is all of Latin America; `zh` is simplified, `zh-Hant` traditional; `no` is `nb`. */
  language?: string | string[];
  /** A list means any of them. */
  tags?: string | string[] | {
    any?: string[];
    all?: string[];
    none?: string[];
  };
  userIds?: string[];
  installationIds?: string[];
  tokens?: string[];
  /** By name: a value, or comparisons that must all hold. An attribute that is not there is not equal to anything, nor less or greater. */
  attributes?: Record<string, string | number | boolean | {
    '='?: string | number | boolean;
    '!='?: string | number | boolean;
    '<'?: string | number;
    '<='?: string | number;
    '>'?: string | number;
    '>='?: string | number;
    in?: Array<string | number | boolean>;
    exists?: boolean;
  }>;
  /** A range of semver; 4.2 is 4.2.0. An installation without a version is in none. */
  appVersion?: string;
  /** When the app last registered. `after` is inclusive, `before` is not. */
  lastSeen?: {
    after?: string;
    before?: string;
    withinDays?: number;
    notWithinDays?: number;
  };
  timeZone?: string | string[];
  country?: string | string[];
  /** An installation whose permission is not known has none of them. */
  permission?: 'granted' | 'denied' | 'provisional' | Array<'granted' | 'denied' | 'provisional'>;
  /** Installations that reported that they opened that campaign, which is closed and of the same app. Receipts count up to the moment when the audience is read. */
  opened?: {
    campaign: string;
  };
  /** Installations whose push of that campaign was accepted, and that have not reported that they opened it. */
  notOpened?: {
    campaign: string;
  };
  /** A saved audience, as of the acceptance. */
  segment?: string;
  and?: AudienceExpression[];
  or?: AudienceExpression[];
  not?: AudienceExpression;
};

export type Tested = {
  /** Null on a dry run. */
  campaign: Campaign | null;
  /** The first 20. A badge that counts up is shown as its increment. */
  recipients: Array<{
    installationId: string;
    /** The provider that sends it. */
    provider: 'apns' | 'fcm';
    /** Null: the default of the message. */
    language: string | null;
    /** Parts of the message that this push leaves out. */
    warnings: Array<{
      path: string;
      message: string;
    }>;
    /** Null unless this provider sends it, and without credentials. */
    apns: {
      headers: Record<string, string | number>;
      payload: Record<string, unknown>;
      /** As the provider counts them. */
      bytes: number;
      mostBytes: number;
    };
    /** Null unless this provider sends it, and without credentials. */
    fcm: {
      headers: Record<string, string | number>;
      payload: Record<string, unknown>;
      /** As the provider counts them. */
      bytes: number;
      mostBytes: number;
    };
  }>;
};

export type Trigger = {
  name: string;
  app: string;
  /** Without its secret. */
  proof: Record<string, unknown>;
  audience: Record<string, unknown>;
  message: Record<string, unknown>;
  idPath: string | null;
  counts: {
    /** Had a valid proof. */
    received: number;
    /** Had none, and were dropped. */
    forged: number;
  };
  createdAt: string;
};

export type TriggerRequest = {
  app?: string;
  /** How an inbound webhook proves its sender. */
  proof: {
    kind: 'token';
    in: 'header' | 'query' | 'body';
    /** In a body: a path. */
    name: string;
    secret: string;
  } | {
    kind: 'github';
    secret: string;
  } | {
    kind: 'stripe';
    secret: string;
    toleranceSeconds?: number;
  } | {
    kind: 'standard';
    secret: string;
    toleranceSeconds?: number;
  };
  /** As a campaign's, with {{path|default}} of the inbound JSON in its strings. */
  audience: Record<string, unknown>;
  /** As a campaign's, with {{path|default}} of the inbound JSON in its strings. */
  message: Record<string, unknown>;
  /** Path of the id in the inbound JSON: the same id pushes once. Without it, the id is the signed webhook-id of Standard Webhooks, or else the whole body. */
  idPath?: string;
};

export type UnmetCondition = {
  /** Within the audience as it was sent; a segment is `segment(name)`. */
  path: string;
  condition: string;
  /** What the installation has there now. */
  value: string | number | boolean | Array<string | number | boolean> | null;
};

/** Tokens that no installation has are sent to as well: they are of this platform. apns for ios, fcm for the others, unless named. */
export type Unregistered = {
  platform: 'ios' | 'android' | 'web';
  provider?: 'apns' | 'fcm';
  environment?: 'production' | 'sandbox';
};

export type Upload = {
  id: string;
  app: string;
  of: 'installationIds' | 'userIds' | 'tokens';
  /** Number of names; a name that comes twice may count twice. */
  size: number;
  expiresAt: string;
};

export type Uploaded = {
  id: string;
  app: string;
  of: 'installationIds' | 'userIds' | 'tokens';
  /** Number of names; a name that comes twice may count twice. */
  size: number;
  expiresAt: string;
  rejected: number;
  /** The first 1000. */
  faults: Array<{
    line: number;
    message: string;
  }>;
};

/** An installation, an entry of a frozen list of recipients, a failure, or a receipt. */
export type UserRecord = {
  kind: 'installation' | 'recipient' | 'failure' | 'receipt';
} & Record<string, unknown>;

export type Wave = {
  /** When they are sent to. */
  at: string;
  /** zones: devices in `zones`. others: those in no zone that a wave names, and those that tell none. movers: those that changed their zone meanwhile, and that no other wave has sent to. */
  of: 'zones' | 'others' | 'movers';
  /** [] for `others` and `movers`. */
  zones: string[];
  /** It waits for the end of quiet hours. */
  held: boolean;
  /** Their local time has passed: they are skipped. */
  late: boolean;
  /** waiting: not read yet. planning: its recipients are being read, from a minute before its time. sending: all are read, and some wait for their time or their outcome. done: nothing is left. cancelled: the campaign was cancelled before it was read. */
  state: 'waiting' | 'planning' | 'sending' | 'done' | 'cancelled';
  /** About how many devices it has, by a sample that was taken when the campaign was planned. 0: too few to be in the sample. Left out for `movers`. */
  expected?: number;
  counts: {
    recipients: number;
    /** APNs or FCM accepted the push. They do not say whether a device shows it. */
    accepted: number;
    failed: number;
    skipped: number;
    /** Without an outcome yet. */
    pending: number;
    /** Why so many of the skipped are; left out if none are for a reason named here. A dry run and a cancellation skip the others. */
    skippedBy?: {
      /** By a cap of the app. */
      capped?: number;
      /** Their local time had passed. */
      late?: number;
    };
  };
};

export type Webhook = {
  id: string;
  url: string;
  description: string;
  app: string | null;
  campaignId: string | null;
  types: Array<'campaign.accepted' | 'campaign.started' | 'campaign.progress' | 'campaign.paused' | 'campaign.completed' | 'campaign.failed' | 'campaign.receipts' | 'installation.unregistered' | 'push.failed' | 'webhook.disabled'>;
  format: 'standard' | 'slack' | 'teams';
  enabled: boolean;
  disabledReason: string | null;
  /** Since when all deliveries have failed; null if they do not. */
  failingSince: string | null;
  createdAt: string;
};

export type WebhookChange = {
  url?: string;
  description?: string;
  /** All but push.failed, or for a chat campaign.completed, campaign.failed, campaign.paused. */
  types?: Array<'campaign.accepted' | 'campaign.started' | 'campaign.progress' | 'campaign.paused' | 'campaign.completed' | 'campaign.failed' | 'campaign.receipts' | 'installation.unregistered' | 'push.failed' | 'webhook.disabled'>;
  enabled?: boolean;
};

export type WebhookDelivery = {
  id: string;
  state: 'pending' | 'delivered' | 'failed';
  event: {
    id: string;
    type: 'campaign.accepted' | 'campaign.started' | 'campaign.progress' | 'campaign.paused' | 'campaign.completed' | 'campaign.failed' | 'campaign.receipts' | 'installation.unregistered' | 'push.failed' | 'warehouse.rows' | 'webhook.disabled' | 'webhook.test';
    subject: string;
  };
  createdAt: string;
  nextAt: string | null;
  attempts: Array<{
    at: string;
    ms: number;
    status: number | null;
    error: string | null;
  }>;
};

export type WebhookRequest = {
  url: string;
  description?: string;
  app?: string;
  campaignId?: string;
  /** All but push.failed, or for a chat campaign.completed, campaign.failed, campaign.paused. */
  types?: Array<'campaign.accepted' | 'campaign.started' | 'campaign.progress' | 'campaign.paused' | 'campaign.completed' | 'campaign.failed' | 'campaign.receipts' | 'installation.unregistered' | 'push.failed' | 'webhook.disabled'>;
  /** standard is CloudEvents JSON, signed as Standard Webhooks are. slack and teams are a message to an incoming webhook of theirs, with the report. */
  format?: 'standard' | 'slack' | 'teams';
};

export type WebhookWithSecret = {
  id: string;
  url: string;
  description: string;
  app: string | null;
  campaignId: string | null;
  types: Array<'campaign.accepted' | 'campaign.started' | 'campaign.progress' | 'campaign.paused' | 'campaign.completed' | 'campaign.failed' | 'campaign.receipts' | 'installation.unregistered' | 'push.failed' | 'webhook.disabled'>;
  format: 'standard' | 'slack' | 'teams';
  enabled: boolean;
  disabledReason: string | null;
  /** Since when all deliveries have failed; null if they do not. */
  failingSince: string | null;
  createdAt: string;
  /** Shown only now. */
  secret: string;
};

export type Why = {
  campaign: {
    id: string;
    name: string;
    app: string;
    state: 'accepted' | 'scheduled' | 'running' | 'paused' | 'cancelling' | 'completed' | 'cancelled';
    createdAt: string;
  };
  installationId: string;
  /** The app has such an installation now. */
  isStored: boolean;
  askedAt: string;
  /** accepted: the provider took the push, and does not say whether the device shows it. in-doubt: sent, not answered, and sent once more. not-tracked: a topic. unknown: no longer known. */
  state: 'accepted' | 'failed' | 'skipped' | 'waiting' | 'in-doubt' | 'not-planned' | 'not-in-audience' | 'not-tracked' | 'unknown';
  /** One or two sentences for people. */
  summary: string;
  /** What to do; empty if nothing. */
  next: string;
  /** null: it is no recipient. */
  delivery: {
    shard: number;
    chunkId: string;
    /** Its place in the chunk, from 0. */
    index: number;
    /** Recipients of the chunk. */
    size: number;
    provider: 'apns' | 'fcm';
    environment: 'production' | 'sandbox';
    attempts: number;
    /** null: none yet, or an earlier version did not keep it. */
    outcome: 'accepted' | 'rejected' | 'unregistered' | 'retry' | 'unknown' | 'blocked' | 'skipped' | 'capped' | 'late' | null;
    reason: string | null;
    detail: string | null;
    /** Of the reason, as a sentence. */
    meaning: string | null;
    /** The token was dead: the installation was removed. */
    pruned: boolean;
    /** For a question to the provider: the `apns-id` that APNs was given, null if no push has left; or the `name` in the answer of FCM, which is kept of messages only, if it accepted the push in their first attempt. */
    pushId: {
      header: string;
      value: string;
    };
    frozenAt: string | null;
    /** The last attempt at its chunk began. */
    claimedAt: string | null;
    /** That attempt ended. */
    releasedAt: string | null;
    /** It is not sent before that. */
    notBefore: string | null;
    expiresAt: string;
  };
  /** Why not; null: it is a recipient. */
  absence: {
    kind: 'opted-out' | 'conditions' | 'not-named' | 'not-failed-before' | 'registered-later' | 'changed-since' | 'cancelled' | 'not-begun' | 'not-read-yet' | 'topic' | 'upload-expired' | 'too-old';
    /** Its part of the audience was read by then. */
    readBy: string | null;
    /** Conditions that the installation does not meet, as it is now. Of `or[…]`, those of one part suffice. */
    unmet: UnmetCondition[];
  };
  /** What may keep a person from seeing it, and what has changed since. */
  hints: Array<{
    kind: 'permission-denied' | 'permission-provisional' | 'opted-out' | 'registered-since' | 'moved' | 'removed' | 'no-credentials';
    text: string;
  }>;
  /** In the order of time. Kinds may be added. */
  timeline: Array<{
    at: string | null;
    kind: 'created' | 'planned' | 'registered' | 'frozen' | 'turn' | 'handed-over' | 'accepted' | 'failed' | 'skipped' | 'pruned' | 'waiting' | 'closed';
    text: string;
  }>;
};

/** What webhooks are sent. */
export type WebhookEvent =
  | EventCampaignAccepted
  | EventCampaignStarted
  | EventCampaignProgress
  | EventCampaignPaused
  | EventCampaignCompleted
  | EventCampaignFailed
  | EventCampaignReceipts
  | EventInstallationUnregistered
  | EventPushFailed
  | EventWebhookDisabled
  | EventWebhookTest;
