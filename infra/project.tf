data "google_project" "this" {
  project_id = var.project
}

locals {
  number = data.google_project.this.number

  # The functions queue tasks for one another, so each needs the others' addresses before they are
  # there. The address Cloud Run gives a service is known beforehand, which breaks the cycle:
  # https://cloud.google.com/run/docs/triggering/https-request#deterministic
  urls = {
    for name in keys(local.functions) : name => "https://${var.prefix}-${name}-${local.number}.${var.region}.run.app"
  }
}

