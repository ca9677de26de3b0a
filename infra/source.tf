# What is deployed: dist/, as `npm run build` leaves it, and nothing else.
data "archive_file" "source" {
  type        = "zip"
  source_dir  = "${path.module}/../dist"
  output_path = "${path.module}/.terraform/source.zip"
  excludes    = ["node_modules"]
  # the same bytes on every machine
  output_file_mode = "0644"
}

resource "google_storage_bucket" "source" {
  name                        = "${var.project}-${var.prefix}-source"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true

  # kept for inspection; a rollback uses git
  lifecycle_rule {
    condition {
      age = 90
    }
    action {
      type = "Delete"
    }
  }

  depends_on = [google_project_service.this]
}

# Named by its content: the functions are deployed again when it has changed, and only then.
resource "google_storage_bucket_object" "source" {
  name   = "source-${data.archive_file.source.output_md5}.zip"
  bucket = google_storage_bucket.source.name
  source = data.archive_file.source.output_path
}

resource "google_artifact_registry_repository" "images" {
  repository_id = var.prefix
  location      = var.region
  format        = "DOCKER"
  description   = "Images of Volley's functions"

  # every build leaves an image of some 150 MB for each function; gcloud.sh sends the file as it is
  cleanup_policy_dry_run = false

  dynamic "cleanup_policies" {
    for_each = jsondecode(file("${path.module}/cleanup.json"))
    content {
      id     = cleanup_policies.value.name
      action = upper(cleanup_policies.value.action.type)

      dynamic "most_recent_versions" {
        for_each = try([cleanup_policies.value.mostRecentVersions], [])
        content {
          keep_count = most_recent_versions.value.keepCount
        }
      }

      dynamic "condition" {
        for_each = try([cleanup_policies.value.condition], [])
        content {
          tag_state  = upper(condition.value.tagState)
          older_than = condition.value.olderThan
        }
      }
    }
  }

  depends_on = [google_project_service.this]
}

# What Cloud Run functions ask of a build account, each on what it is for.
# https://cloud.google.com/functions/docs/securing/build-custom-sa
resource "google_storage_bucket_iam_member" "build" {
  bucket = google_storage_bucket.source.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.build.member
}

# the platform copies the source to a bucket of its own, which is there after the first function only
resource "google_project_iam_member" "build_sources" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = google_service_account.build.member

  condition {
    title      = "${var.prefix} sources"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${local.number}-${var.region}\")"
  }
}

resource "google_artifact_registry_repository_iam_member" "build" {
  repository = google_artifact_registry_repository.images.name
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

# logs have no narrower place than the project
resource "google_project_iam_member" "build_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}
