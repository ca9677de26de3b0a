locals {
  # PromQL writes an underscore for each character of a metric's name that is not a letter or digit
  monitoring_substitutions = merge(local.substitutions, { metric = replace(var.prefix, "-", "_") })

  # Written once, as the API accepts them. The documentation of each alert says what to do.
  alerts = {
    for file in fileset("${path.module}/alerts", "*.json") :
    trimsuffix(file, ".json") => jsondecode(templatefile("${path.module}/alerts/${file}", local.monitoring_substitutions))
  }
}

resource "google_monitoring_notification_channel" "email" {
  for_each = toset(var.alert_emails)

  display_name = "${var.prefix}: ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }

  depends_on = [google_project_service.this]
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.alerts

  display_name          = each.value.displayName
  combiner              = each.value.combiner
  severity              = each.value.severity
  notification_channels = [for it in google_monitoring_notification_channel.email : it.name]

  documentation {
    mime_type = each.value.documentation.mimeType
    content   = each.value.documentation.content
  }

  dynamic "conditions" {
    for_each = each.value.conditions
    content {
      display_name = conditions.value.displayName

      dynamic "condition_matched_log" {
        for_each = try([conditions.value.conditionMatchedLog], [])
        content {
          filter           = condition_matched_log.value.filter
          label_extractors = condition_matched_log.value.labelExtractors
        }
      }

      dynamic "condition_prometheus_query_language" {
        for_each = try([conditions.value.conditionPrometheusQueryLanguage], [])
        content {
          query               = condition_prometheus_query_language.value.query
          duration            = condition_prometheus_query_language.value.duration
          evaluation_interval = condition_prometheus_query_language.value.evaluationInterval
          # Cloud Monitoring does not know a metric before its first value
          disable_metric_validation = condition_prometheus_query_language.value.disableMetricValidation
        }
      }

      dynamic "condition_threshold" {
        for_each = try([conditions.value.conditionThreshold], [])
        content {
          filter          = condition_threshold.value.filter
          comparison      = condition_threshold.value.comparison
          threshold_value = condition_threshold.value.thresholdValue
          duration        = condition_threshold.value.duration

          dynamic "aggregations" {
            for_each = condition_threshold.value.aggregations
            content {
              alignment_period   = aggregations.value.alignmentPeriod
              per_series_aligner = aggregations.value.perSeriesAligner
            }
          }
        }
      }

      dynamic "condition_absent" {
        for_each = try([conditions.value.conditionAbsent], [])
        content {
          filter   = condition_absent.value.filter
          duration = condition_absent.value.duration

          dynamic "aggregations" {
            for_each = condition_absent.value.aggregations
            content {
              alignment_period     = aggregations.value.alignmentPeriod
              per_series_aligner   = aggregations.value.perSeriesAligner
              cross_series_reducer = aggregations.value.crossSeriesReducer
            }
          }
        }
      }
    }
  }

  alert_strategy {
    auto_close = each.value.alertStrategy.autoClose

    # required for alerts on logs, refused for all others
    dynamic "notification_rate_limit" {
      for_each = try([each.value.alertStrategy.notificationRateLimit], [])
      content {
        period = notification_rate_limit.value.period
      }
    }
  }

  depends_on = [google_logging_metric.this]
}
