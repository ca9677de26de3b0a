# The sweep, every minute. No job for each campaign: one that ticks finds whatever is due.
resource "google_cloud_scheduler_job" "tick" {
  name             = "${var.prefix}-tick"
  region           = var.region
  schedule         = "* * * * *"
  time_zone        = "Etc/UTC"
  attempt_deadline = "300s"

  http_target {
    http_method = "POST"
    uri         = local.urls.tick

    oidc_token {
      service_account_email = google_service_account.invoker.email
      audience              = local.urls.tick
    }
  }

  # the next minute is the retry
  retry_config {
    retry_count = 0
  }

  depends_on = [google_project_service.this]
}
