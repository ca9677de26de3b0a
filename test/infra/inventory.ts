/**
 * Describes a deployment with a line for each resource, in the same form for Terraform and gcloud.sh, so
 * that two deployments can be compared and differences are readable.
 */

import type { Resource, Values } from './terraform.ts';

/** Leaves out absent values. */
export const told = (inventory: Inventory): Inventory =>
  JSON.parse(JSON.stringify(inventory, (_, it) => it ?? undefined));

export type Inventory = Record<string, unknown>;

/** Throws if two resources have the same name: one would hide the other. */
export function add(inventory: Inventory, name: string, it: unknown = true) {
  if (name in inventory) throw new Error(`${name} is there twice`);
  inventory[name] = it;
}

/** Resources that only Terraform makes: for the workflows, and the bucket of the source. */
const onlyTerraform = (it: Resource) =>
  ['iamcredentials.googleapis.com', 'sts.googleapis.com'].includes(String(it.index)) ||
  ['github', 'github_fcm', 'github_pools', 'github_acts_as', 'state', 'source'].includes(it.name) ||
  it.type.startsWith('google_storage_') ||
  it.type === 'terraform_data';

/** Replaces the ids and e-mail addresses that mocks invent by the names of their resources. */
function named(resources: Resource[]): Resource[] {
  const names = new Map<string, string>();
  const keys: Record<string, string> = {
    google_service_account: 'account_id',
    google_pubsub_topic: 'name',
    google_project_iam_custom_role: 'role_id',
    google_artifact_registry_repository: 'repository_id',
    google_monitoring_notification_channel: 'display_name',
  };
  for (const { type, values } of resources) {
    const name = keys[type] && values[keys[type]];
    if (name)
      for (const invented of ['id', 'name', 'email', 'member'])
        if (values[invented]) names.set(values[invented], name);
  }
  return JSON.parse(JSON.stringify(resources), (_, it) => names.get(it) ?? it);
}

const condition = ([it]: { title: string; expression: string }[] = []) =>
  it ? ` if ${it.expression} (${it.title})` : '';

export const grant = (what: string, role: string, member: string, when = '') =>
  `grant ${role} on ${what} to ${member}${when}`;

type Reader = (it: Values, inventory: Inventory) => void;

const readers: Record<string, Reader> = {
  google_project_service: (it, all) => add(all, `api ${it.service}`),
  google_service_account: (it, all) => add(all, `account ${it.account_id}`),
  google_project_iam_custom_role: (it, all) => add(all, `role ${it.role_id}`, it.permissions),
  google_firestore_database: (it, all) =>
    add(all, `database ${it.name}`, {
      location: it.location_id,
      protected: it.delete_protection_state === 'DELETE_PROTECTION_ENABLED',
    }),
  google_firestore_index: (it, all) =>
    add(
      all,
      `index ${it.database} ${it.collection} ${it.query_scope} ${it.fields.map(
        (f: Values) => `${f.field_path} ${f.order ?? f.array_config}`,
      )}`.toLowerCase(),
    ),
  google_firestore_field(it, all) {
    const kept = it.index_config[0].indexes.map((i: Values) =>
      `${i.order ?? i.array_config} ${i.query_scope ?? ''}`.trim().toLowerCase(),
    );
    add(all, `field ${it.database} ${it.collection}.${it.field}`, kept.sort());
    if (it.ttl_config.length > 0) add(all, `ttl ${it.database} ${it.collection}.${it.field}`);
  },
  google_cloud_tasks_queue: ({ name, rate_limits: [rate], retry_config: [retry] }, all) =>
    add(all, `queue ${name}`, {
      rate: rate.max_dispatches_per_second,
      concurrent: rate.max_concurrent_dispatches,
      attempts: retry.max_attempts,
      backoff: [retry.min_backoff, retry.max_backoff, retry.max_doublings],
      lasts: retry.max_retry_duration,
    }),
  google_project_service_identity: (it, all) => add(all, `agent of ${it.service}`),
  google_pubsub_topic: (it, all) =>
    add(all, `topic ${it.name}`, { keeps: it.message_retention_duration }),
  google_pubsub_subscription: (it, all) =>
    add(all, `subscription ${it.name}`, {
      topic: it.topic,
      keeps: it.message_retention_duration,
      acknowledge: it.ack_deadline_seconds || undefined,
      expires: it.expiration_policy[0].ttl || 'never',
      push: it.push_config[0]?.push_endpoint,
      as: it.push_config[0]?.oidc_token[0].service_account_email,
      audience: it.push_config[0]?.oidc_token[0].audience,
      backoff: it.retry_policy[0] && [
        it.retry_policy[0].minimum_backoff,
        it.retry_policy[0].maximum_backoff,
      ],
      dead: it.dead_letter_policy[0] && [
        it.dead_letter_policy[0].dead_letter_topic,
        it.dead_letter_policy[0].max_delivery_attempts,
      ],
      table: it.bigquery_config[0]?.table,
      metadata: it.bigquery_config[0]?.write_metadata,
    }),
  google_secret_manager_secret: (it, all) => add(all, `secret ${it.secret_id}`),
  google_artifact_registry_repository: (it, all) =>
    add(all, `repository ${it.repository_id}`, {
      cleanup: it.cleanup_policies.map((p: Values) => `${p.id} ${p.action}`.toLowerCase()).sort(),
      cleans: !it.cleanup_policy_dry_run,
    }),
  google_cloudfunctions2_function: (it, all) => {
    const [build] = it.build_config;
    const [service] = it.service_config;
    add(all, `function ${it.name}`, {
      target: build.entry_point,
      runtime: build.runtime,
      built: [build.service_account, build.docker_repository],
      account: service.service_account_email,
      cpu: service.available_cpu,
      memory: service.available_memory,
      concurrency: service.max_instance_request_concurrency,
      instances: [service.min_instance_count, service.max_instance_count],
      timeout: service.timeout_seconds,
      public: service.ingress_settings === 'ALLOW_ALL',
      environment: service.environment_variables,
      secrets: service.secret_volumes
        .map(
          (v: Values) =>
            `${v.mount_path}/${v.versions[0].path}=${v.secret}:${v.versions[0].version}`,
        )
        .sort(),
    });
  },
  google_cloud_scheduler_job: ({ http_target: [target], ...it }, all) =>
    add(all, `job ${it.name}`, {
      schedule: `${it.schedule} ${it.time_zone}`,
      deadline: it.attempt_deadline,
      retries: it.retry_config[0].retry_count,
      calls: `${target.http_method} ${target.uri}`,
      as: target.oidc_token[0].service_account_email,
      audience: target.oidc_token[0].audience,
    }),
  google_logging_metric: (it, all) => add(all, `metric ${it.name}`, it.filter),
  google_monitoring_dashboard: (it, all) => add(all, 'dashboard', JSON.parse(it.dashboard_json)),
  google_monitoring_notification_channel: (it, all) => add(all, `tells ${it.labels.email_address}`),
  google_monitoring_alert_policy: (it, all) =>
    add(all, `alert ${it.display_name}`, { told: it.notification_channels.length > 0 }),
  google_firebase_hosting_site: (it, all) => add(all, `site ${it.site_id}`),
  google_bigquery_dataset: (it, all) => add(all, `dataset ${it.dataset_id}`),
  google_bigquery_table: (it, all) =>
    it.view?.length > 0
      ? add(all, `view ${it.dataset_id}.${it.table_id}`, it.view[0].query)
      : add(
          all,
          `table ${it.dataset_id}.${it.table_id}`,
          JSON.parse(it.schema)
            .map((c: { name: string; type: string }) => `${c.name}:${c.type}`)
            .join(),
        ),
};

/** The attribute that names what a grant is for, by resource type. */
const granted: Record<string, string> = {
  google_project_iam_member: 'project',
  google_service_account_iam_member: 'service_account_id',
  google_cloud_tasks_queue_iam_member: 'name',
  google_pubsub_topic_iam_member: 'topic',
  google_pubsub_subscription_iam_member: 'subscription',
  google_secret_manager_secret_iam_member: 'secret_id',
  google_artifact_registry_repository_iam_member: 'repository',
  google_cloud_run_v2_service_iam_member: 'name',
  google_bigquery_table_iam_member: 'table_id',
  google_storage_bucket_iam_member: 'bucket',
};

/** All grants, of every kind. Throws on an unknown kind. */
export function grantsOf(resources: Resource[]) {
  return named(resources)
    .filter(({ type }) => /_iam_(?!custom_role)|_iam$/.test(type))
    .filter(({ type }) => !type.startsWith('google_iam_workload'))
    .map(({ type, values }) => {
      const key = granted[type];
      if (!key) throw new Error(`a grant of a kind that is not known: ${type}`);
      const kind = type.replace(/^google_|_iam_member$/g, '');
      const { role, member } = values as { role: string; member: string };
      return { kind, what: values[key] as string, role, member, when: condition(values.condition) };
    });
}

export function inventoryOf(resources: Resource[]): Inventory {
  const inventory: Inventory = {};
  const common = resources.filter((it) => !onlyTerraform(it) && !it.type.startsWith('archive_'));
  for (const { type, address, values } of named(resources)) {
    if (!common.some((it) => it.address === address)) continue;
    if (type in granted || address.startsWith('data.')) continue;
    const read = readers[type];
    if (!read) throw new Error(`${address} is of a type that is not compared`);
    read(values, inventory);
  }
  const addresses = new Set(common.map((it) => it.address));
  const grants = grantsOf(
    resources.filter((it) => addresses.has(it.address) || !(it.type in granted)),
  );
  for (const it of grants) add(inventory, grant(it.what, it.role, it.member, it.when));
  return told(inventory);
}
