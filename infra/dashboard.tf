# dashboard.json is what the API takes (and gcloud.sh sends): pushes a second, failures by reason,
# depth and age of queues, handlers, cold starts.
resource "google_monitoring_dashboard" "this" {
  dashboard_json = templatefile("${path.module}/dashboard.json", local.monitoring_substitutions)

  depends_on = [google_logging_metric.this]
}
