# GitHub's workflows without a key: GitHub signs who a job is, Google believes it for this repository.
# https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines
#
# Two accounts. `github-plan` reads: pull requests, whose code nobody has looked at yet, get no more
# (and pull requests from forks not even that: GitHub gives them no token). `github-apply`, for jobs of
# the protected environment, changes functions, queues, schedules, topics, indexes and monitoring.
#
# Neither may touch IAM, service accounts, roles, secrets or this file's own resources: who could grant
# themselves something is a human. A change to those fails in the workflow with a 403; apply it by hand.
# Neither reads a secret, a document of the database or a log.
locals {
  github = var.github == null ? {} : {
    github-plan = {
      # of this repository, on a pull request
      subject = "principal://iam.googleapis.com/${google_iam_workload_identity_pool.github[0].name}/subject/repo:${var.github.repository}:pull_request"
    }
    github-apply = {
      # of this repository, in its environment, which GitHub guards with reviewers and branches
      subject = "principal://iam.googleapis.com/${google_iam_workload_identity_pool.github[0].name}/subject/repo:${var.github.repository}:environment:${var.github.environment}"
    }
  }

  # To refresh the state: what there is and who may what, no contents.
  reads = toset([
    "roles/artifactregistry.reader",
    "roles/cloudfunctions.viewer",
    "roles/cloudscheduler.viewer",
    "roles/cloudtasks.viewer",
    "roles/iam.securityReviewer",
    "roles/iam.workloadIdentityPoolViewer",
    "roles/monitoring.viewer",
    "roles/pubsub.viewer",
    "roles/run.viewer",
    "roles/secretmanager.viewer",
    "roles/serviceusage.serviceUsageConsumer",
  ])

  # The developer and editor roles of single services: none of these can set an IAM policy on a
  # project, or act as an account it was not given.
  writes = toset([
    "roles/cloudfunctions.developer",
    "roles/cloudscheduler.admin",
    "roles/datastore.indexAdmin",
    "roles/logging.configWriter",
    "roles/monitoring.alertPolicyEditor",
    "roles/monitoring.dashboardEditor",
    "roles/monitoring.notificationChannelEditor",
    "roles/pubsub.editor",
  ])
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

  attribute_mapping = {
    "google.subject"       = "assertion.sub"
    "attribute.repository" = "assertion.repository"
  }
  # without it every repository of GitHub's could ask
  attribute_condition = "assertion.repository == '${var.github.repository}'"

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
  member             = each.value.subject
}

# Google has no role that reads indexes and log-based metrics without reading documents and logs.
resource "google_project_iam_custom_role" "github_reader" {
  count = var.github == null ? 0 : 1

  role_id = "${replace(var.prefix, "-", "_")}_github_reader"
  title   = "Volley: reads what it is made of, not what is in it"
  permissions = [
    "datastore.databases.getMetadata",
    "datastore.databases.list",
    "datastore.indexes.get",
    "datastore.indexes.list",
    "iam.roles.get",
    "logging.logMetrics.get",
    "logging.logMetrics.list",
    "resourcemanager.projects.get",
    "storage.buckets.get",
  ]

  depends_on = [google_project_service.this]
}

resource "google_project_iam_member" "github" {
  for_each = var.github == null ? {} : merge(
    { for role in local.reads : "github-plan ${role}" => { account = "github-plan", role = role } },
    { for role in setunion(local.reads, local.writes) : "github-apply ${role}" => { account = "github-apply", role = role } },
  )

  project = var.project
  role    = each.value.role
  member  = google_service_account.github[each.value.account].member
}

resource "google_project_iam_member" "github_reader" {
  for_each = local.github

  project = var.project
  role    = google_project_iam_custom_role.github_reader[0].name
  member  = google_service_account.github[each.key].member
}

# roles/cloudtasks.queueAdmin, on our queues alone
resource "google_cloud_tasks_queue_iam_member" "github" {
  for_each = var.github == null ? {} : google_cloud_tasks_queue.this

  name     = each.value.name
  location = var.region
  role     = "roles/cloudtasks.queueAdmin"
  member   = google_service_account.github["github-apply"].member
}

# a new source
resource "google_storage_bucket_iam_member" "github" {
  count = var.github == null ? 0 : 1

  bucket = google_storage_bucket.source.name
  role   = "roles/storage.objectAdmin"
  member = google_service_account.github["github-apply"].member
}

# the state: a plan reads it (with -lock=false), an apply writes it
resource "google_storage_bucket_iam_member" "state" {
  for_each = local.github

  bucket = var.github.state_bucket
  role   = each.key == "github-apply" ? "roles/storage.objectAdmin" : "roles/storage.objectViewer"
  member = google_service_account.github[each.key].member
}

# Whoever deploys a function, a push subscription or a schedule must be allowed to act as its account.
resource "google_service_account_iam_member" "github_acts_as" {
  for_each = var.github == null ? {} : merge(
    { for name, it in google_service_account.function : name => it.name },
    { invoker = google_service_account.invoker.name, build = google_service_account.build.name },
  )

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.github["github-apply"].member
}
