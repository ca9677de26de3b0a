/** Which permissions the calls need that the functions, a plan and an apply make. */

/**
 * By the type of a Terraform resource: what the provider asks when it reads the state anew. From its
 * source and the pages of the APIs' methods; a type that is not here fails the test.
 */
export const reads: Record<string, string[]> = {
  google_artifact_registry_repository: ['artifactregistry.repositories.get'],
  google_artifact_registry_repository_iam_member: ['artifactregistry.repositories.getIamPolicy'],
  google_bigquery_dataset: ['bigquery.datasets.get'],
  google_bigquery_table: ['bigquery.tables.get'],
  google_bigquery_table_iam_member: ['bigquery.tables.getIamPolicy'],
  google_cloud_run_v2_service_iam_member: ['run.services.getIamPolicy'],
  google_cloud_scheduler_job: ['cloudscheduler.jobs.get'],
  google_cloud_tasks_queue: ['cloudtasks.queues.get'],
  google_cloud_tasks_queue_iam_member: ['cloudtasks.queues.getIamPolicy'],
  google_cloudfunctions2_function: ['cloudfunctions.functions.get'],
  google_firebase_hosting_site: ['firebasehosting.sites.get'],
  google_firestore_database: ['datastore.databases.getMetadata'],
  google_firestore_field: ['datastore.schemas.get'],
  google_firestore_index: ['datastore.schemas.get'],
  google_iam_workload_identity_pool: ['iam.googleapis.com/workloadIdentityPools.get'],
  google_iam_workload_identity_pool_provider: [
    'iam.googleapis.com/workloadIdentityPoolProviders.get',
  ],
  google_logging_metric: ['logging.logMetrics.get'],
  google_monitoring_alert_policy: ['monitoring.alertPolicies.get'],
  google_monitoring_dashboard: ['monitoring.dashboards.get'],
  google_monitoring_notification_channel: ['monitoring.notificationChannels.get'],
  google_project: ['resourcemanager.projects.get'],
  google_project_iam_custom_role: ['iam.roles.get'],
  google_project_iam_member: ['resourcemanager.projects.getIamPolicy'],
  google_project_service: ['serviceusage.services.get', 'serviceusage.services.list'],
  google_project_service_identity: [], // is made, never read
  google_pubsub_subscription: ['pubsub.subscriptions.get'],
  google_pubsub_subscription_iam_member: ['pubsub.subscriptions.getIamPolicy'],
  google_pubsub_topic: ['pubsub.topics.get'],
  google_pubsub_topic_iam_member: ['pubsub.topics.getIamPolicy'],
  google_secret_manager_secret: ['secretmanager.secrets.get'],
  google_secret_manager_secret_iam_member: ['secretmanager.secrets.getIamPolicy'],
  google_service_account: ['iam.serviceAccounts.get'],
  google_service_account_iam_member: ['iam.serviceAccounts.getIamPolicy'],
  google_storage_bucket: ['storage.buckets.get'],
  google_storage_bucket_iam_member: ['storage.buckets.getIamPolicy'],
  google_storage_bucket_object: ['storage.objects.get'],
};

/** What `user_project_override` asks of every call. */
export const always = ['serviceusage.services.use'];

/** What an apply changes of what is there, by the same types; other types are changed by people. */
export const changes: Record<string, string[]> = {
  google_cloud_scheduler_job: ['cloudscheduler.jobs.update'],
  google_cloud_tasks_queue: ['cloudtasks.queues.update'],
  google_cloudfunctions2_function: [
    'cloudfunctions.functions.update',
    'cloudfunctions.operations.get',
  ],
  // its contents: https://firebase.google.com/docs/projects/iam/permissions
  google_firebase_hosting_site: [
    'firebase.projects.get',
    'firebasehosting.sites.update',
    'run.services.get',
  ],
  google_firestore_field: ['datastore.operations.get', 'datastore.schemas.update'],
  google_firestore_index: ['datastore.schemas.create', 'datastore.schemas.delete'],
  google_logging_metric: [
    'logging.logMetrics.create',
    'logging.logMetrics.delete',
    'logging.logMetrics.update',
  ],
  google_monitoring_alert_policy: [
    'monitoring.alertPolicies.create',
    'monitoring.alertPolicies.delete',
    'monitoring.alertPolicies.update',
  ],
  google_monitoring_dashboard: [
    'monitoring.dashboards.create',
    'monitoring.dashboards.delete',
    'monitoring.dashboards.update',
  ],
  google_monitoring_notification_channel: [
    'monitoring.notificationChannels.create',
    'monitoring.notificationChannels.delete',
    'monitoring.notificationChannels.update',
  ],
  google_pubsub_subscription: ['pubsub.subscriptions.update'],
  google_pubsub_topic: ['pubsub.topics.update'],
  google_storage_bucket_object: ['storage.objects.create', 'storage.objects.delete'],
};

const documents = [
  'datastore.entities.create',
  'datastore.entities.delete',
  'datastore.entities.get',
  'datastore.entities.list',
  'datastore.entities.update',
];
const queue = ['cloudtasks.tasks.create', 'iam.serviceAccounts.actAs'];
/** whether a task still waits, before its work is queued again */
const waiting = ['cloudtasks.tasks.get'];
const events = ['pubsub.topics.publish'];
const secrets = ['secretmanager.versions.access'];
const fcm = ['cloudmessaging.messages.create'];

/** By account and what its code does: functions/store, queue, events, providers, http, doctor. */
export const accounts: Record<string, Record<string, string[]>> = {
  api: {
    documents,
    queue,
    events,
    secrets,
    fcm,
    'asks whether a Firebase user is still there': ['firebaseauth.users.get'],
    'pulls dead letters': ['pubsub.subscriptions.consume'],
    'volley doctor looks at queues, tasks and indexes': [
      'cloudtasks.queues.get',
      'cloudtasks.tasks.get',
      'cloudtasks.tasks.list',
      'datastore.schemas.list',
    ],
  },
  plan: { documents, queue, events, waiting },
  'send-apns': { documents, queue, events, secrets },
  // a file of several apps is a secret for each sender
  'send-fcm': { documents, queue, events, secrets, fcm },
  deliver: { documents, queue, events },
  tick: { documents, queue, events, waiting },
  invoker: { 'calls functions': ['run.routes.invoke'] },
  build: {
    'reads the source': ['storage.objects.get', 'storage.objects.list'],
    'writes images': [
      'artifactregistry.repositories.downloadArtifacts',
      'artifactregistry.repositories.uploadArtifacts',
    ],
    'writes its log': ['logging.logEntries.create'],
  },
};
