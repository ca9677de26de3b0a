# GitHub's workflows without a key: GitHub signs a token that names the job, and Google accepts the
# tokens of this repository.
# https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines
#
# Two accounts. `github-plan` reads what there is: pull requests, whose code is not reviewed yet, get
# no more (and pull requests from forks not even that: GitHub gives them no token). `github-apply`, for
# jobs of the protected environment, also changes functions, queues, schedules, topics, indexes, metrics,
# dashboards and alerts.
#
# Both have roles of our own with single permissions, since Google's own roles could also read logs,
# tasks and messages, make sinks and call functions. Neither may change IAM, accounts, roles, secrets or this file's
# own resources: only people can change permissions. A change to those, and a resource
# that is new, fails in the workflow with a 403; apply it by hand. Neither reads a secret, a document, a
# task, a message or a log. But what `github-apply` deploys runs as the functions do, and can read what
# they read: that is why its environment wants a reviewer.
# test/infra/roles/ compares these permissions with what a plan reads and an apply changes.
locals {
  github = var.github == null ? {} : {
    github-plan  = { may = "plan" }
    github-apply = { may = "apply" }
  }

  # To refresh the state, for both.
  github_reads = concat([
    "artifactregistry.repositories.get",
    "artifactregistry.repositories.getIamPolicy",
    "cloudfunctions.functions.get",
    "cloudscheduler.jobs.get",
    "cloudtasks.queues.get",
    "cloudtasks.queues.getIamPolicy",
    "datastore.databases.getMetadata",
    "datastore.schemas.get",
    "datastore.schemas.list",
    "iam.roles.get",
    "iam.serviceAccounts.get",
    "iam.serviceAccounts.getIamPolicy",
    "logging.logMetrics.get",
    "monitoring.alertPolicies.get",
    "monitoring.dashboards.get",
    "monitoring.notificationChannels.get",
    "pubsub.subscriptions.get",
    "pubsub.subscriptions.getIamPolicy",
    "pubsub.topics.get",
    "pubsub.topics.getIamPolicy",
    "resourcemanager.projects.get",
    "resourcemanager.projects.getIamPolicy",
    "run.services.getIamPolicy",
    "secretmanager.secrets.get",
    "secretmanager.secrets.getIamPolicy",
    "serviceusage.services.get",
    "serviceusage.services.list",
    "serviceusage.services.use",
    "storage.buckets.get",
    "storage.buckets.getIamPolicy",
    ], var.bigquery ? [
    "bigquery.datasets.get",
    "bigquery.tables.get",
    "bigquery.tables.getIamPolicy",
    ] : [], var.console != null ? [
    "firebasehosting.sites.get",
  ] : [])

  # For what an apply changes, where a grant cannot be narrower than the project.
  github_writes = concat([
    "cloudfunctions.functions.update",
    "cloudfunctions.operations.get",
    "cloudscheduler.jobs.update",
    "datastore.operations.get",
    "datastore.schemas.create",
    "datastore.schemas.delete",
    "datastore.schemas.update",
    "logging.logMetrics.create",
    "logging.logMetrics.delete",
    "logging.logMetrics.update",
    "monitoring.alertPolicies.create",
    "monitoring.alertPolicies.delete",
    "monitoring.alertPolicies.update",
    "monitoring.dashboards.create",
    "monitoring.dashboards.delete",
    "monitoring.dashboards.update",
    "monitoring.notificationChannels.create",
    "monitoring.notificationChannels.delete",
    "monitoring.notificationChannels.update",
    ], var.console != null ? [
    # Firebase's command asks for the project, Hosting whether the caller sees the service that it leads to
    "firebase.projects.get",
    "firebasehosting.sites.update",
    "run.services.get",
  ] : [])

  # For what an apply changes, granted on our resources alone: the project may have others of these kinds.
  github_changes = {
    queue        = ["cloudtasks.queues.update"]
    topic        = ["pubsub.topics.update"]
    subscription = ["pubsub.subscriptions.update"]
  }

  github_roles = var.github == null ? {} : merge(
    {
      reader = { title = "Volley: reads what it is made of, not what is in it", permissions = local.github_reads }
      writer = { title = "Volley: changes what it is made of", permissions = local.github_writes }
    },
    { for kind, permissions in local.github_changes : kind => { title = "Volley: changes a ${kind}", permissions = permissions } },
  )
}

resource "google_iam_workload_identity_pool" "github" {
  count = var.github == null ? 0 : 1

  workload_identity_pool_id = "${var.prefix}-github"
  display_name              = "Volley: GitHub"

  depends_on = [google_project_service.this]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  count = var.github == null ? 0 : 1

  workload_identity_pool_id          = google_iam_workload_identity_pool.github[0].workload_identity_pool_id
  workload_identity_pool_provider_id = "github"

  # By the repository's number, the event and the environment, each a claim of its own. Not by the
  # subject: its text names the repository, or since July 2026 the repository and its number, and an old
  # name can be another's tomorrow. `google.subject`, at most 127 bytes, is what audit logs show.
  # https://docs.github.com/en/actions/reference/security/oidc
  attribute_mapping = {
    "google.subject"          = "assertion.repository_id + '/' + assertion.run_id"
    "attribute.repository_id" = "assertion.repository_id"
    "attribute.event_name"    = "assertion.event_name"
    "attribute.environment"   = "has(assertion.environment) ? assertion.environment : ''"
    # a pull request plans, whatever environment it names; a job of the environment applies
    "attribute.may" = "assertion.event_name == 'pull_request' ? 'plan' : has(assertion.environment) && assertion.environment == '${var.github.environment}' ? 'apply' : 'nothing'"
  }
  # without it every repository of GitHub's could ask
  attribute_condition = "assertion.repository_id == '${var.github.repository_id}'"

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account" "github" {
  for_each = local.github

  account_id   = "${var.prefix}-${each.key}"
  display_name = "Volley: ${each.key}"

  depends_on = [google_project_service.this]
}

resource "google_service_account_iam_member" "github" {
  for_each = local.github

  service_account_id = google_service_account.github[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github[0].name}/attribute.may/${each.value.may}"
}

resource "google_project_iam_custom_role" "github" {
  for_each = local.github_roles

  role_id     = "${replace(var.prefix, "-", "_")}_github_${each.key}"
  title       = each.value.title
  permissions = each.value.permissions

  depends_on = [google_project_service.this]
}

resource "google_project_iam_member" "github" {
  for_each = var.github == null ? {} : {
    "github-plan reader"  = { account = "github-plan", role = "reader" }
    "github-apply reader" = { account = "github-apply", role = "reader" }
    "github-apply writer" = { account = "github-apply", role = "writer" }
  }

  project = var.project
  role    = google_project_iam_custom_role.github[each.value.role].name
  member  = google_service_account.github[each.value.account].member
}

# Pools have permissions of another form, which only this role of Google's has; it reads nothing else.
resource "google_project_iam_member" "github_pools" {
  for_each = local.github

  project = var.project
  role    = "roles/iam.workloadIdentityPoolViewer"
  member  = google_service_account.github[each.key].member
}

# Where the apps are in another project, a plan reads the role there and who has it.
resource "google_project_iam_custom_role" "github_fcm" {
  count = var.github != null && var.fcm != null && local.fcm_project != var.project ? 1 : 0

  project     = local.fcm_project
  role_id     = "${replace(var.prefix, "-", "_")}_github_reader"
  title       = "Volley: reads who sends FCM messages"
  permissions = ["iam.roles.get", "resourcemanager.projects.getIamPolicy"]

  depends_on = [google_project_service.this]
}

resource "google_project_iam_member" "github_fcm" {
  for_each = { for account, it in local.github : account => it if length(google_project_iam_custom_role.github_fcm) > 0 }

  project = local.fcm_project
  role    = google_project_iam_custom_role.github_fcm[0].name
  member  = google_service_account.github[each.key].member
}

resource "google_cloud_tasks_queue_iam_member" "github" {
  for_each = var.github == null ? {} : google_cloud_tasks_queue.this

  name     = each.value.name
  location = var.region
  role     = google_project_iam_custom_role.github["queue"].name
  member   = google_service_account.github["github-apply"].member
}

resource "google_pubsub_topic_iam_member" "github" {
  for_each = var.github == null ? {} : { events = google_pubsub_topic.events.name, dead = google_pubsub_topic.dead.name }

  topic  = each.value
  role   = google_project_iam_custom_role.github["topic"].name
  member = google_service_account.github["github-apply"].member
}

resource "google_pubsub_subscription_iam_member" "github" {
  for_each = var.github == null ? {} : { events = google_pubsub_subscription.events.name, dead = google_pubsub_subscription.dead.name }

  subscription = each.value
  role         = google_project_iam_custom_role.github["subscription"].name
  member       = google_service_account.github["github-apply"].member
}

# the source: a plan checks that it exists, an apply adds another
resource "google_storage_bucket_iam_member" "github" {
  for_each = local.github

  bucket = google_storage_bucket.source.name
  role   = each.key == "github-apply" ? "roles/storage.objectUser" : "roles/storage.objectViewer"
  member = google_service_account.github[each.key].member
}

# the state: a plan reads it (with -lock=false), an apply writes it
resource "google_storage_bucket_iam_member" "state" {
  for_each = local.github

  bucket = var.github.state_bucket
  role   = each.key == "github-apply" ? "roles/storage.objectUser" : "roles/storage.objectViewer"
  member = google_service_account.github[each.key].member
}

# An account that deploys a function, a push subscription or a schedule must be allowed to act as its account.
resource "google_service_account_iam_member" "github_acts_as" {
  for_each = var.github == null ? {} : merge(
    { for name, it in google_service_account.function : name => it.name },
    { invoker = google_service_account.invoker.name, build = google_service_account.build.name },
  )

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.github["github-apply"].member
}
