locals {
  services = toset(concat(
    [
      "artifactregistry.googleapis.com",
      "cloudbuild.googleapis.com",
      "cloudfunctions.googleapis.com",
      "cloudresourcemanager.googleapis.com",
      "cloudscheduler.googleapis.com",
      "cloudtasks.googleapis.com",
      "fcm.googleapis.com",
      "firestore.googleapis.com",
      "iam.googleapis.com",
      "identitytoolkit.googleapis.com",
      "logging.googleapis.com",
      "monitoring.googleapis.com",
      "pubsub.googleapis.com",
      "run.googleapis.com",
      "secretmanager.googleapis.com",
    ],
    var.bigquery ? ["bigquery.googleapis.com"] : [],
    var.console != null ? ["firebasehosting.googleapis.com"] : [],
    var.github != null ? ["iamcredentials.googleapis.com", "sts.googleapis.com"] : [],
  ))
}

# never disabled: others in the project may use them
resource "google_project_service" "this" {
  for_each = local.services

  service            = each.value
  disable_on_destroy = false
}
