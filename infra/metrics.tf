locals {
  # Written once, in the form that the API takes: gcloud.sh sends these files as they are.
  substitutions = { prefix = var.prefix, project = var.project, region = var.region }

  metrics = {
    for file in fileset("${path.module}/metrics", "*.json") :
    trimsuffix(file, ".json") => jsondecode(templatefile("${path.module}/metrics/${file}", local.substitutions))
  }
}

# Metrics taken from the structured log (functions/log.ts); the platform has none of these.
resource "google_logging_metric" "this" {
  for_each = local.metrics

  name             = "${var.prefix}/${each.key}"
  description      = each.value.description
  filter           = each.value.filter
  value_extractor  = try(each.value.valueExtractor, null)
  label_extractors = try(each.value.labelExtractors, null)

  metric_descriptor {
    metric_kind = each.value.metricDescriptor.metricKind
    value_type  = each.value.metricDescriptor.valueType
    unit        = each.value.metricDescriptor.unit

    dynamic "labels" {
      for_each = try(each.value.metricDescriptor.labels, [])
      content {
        key        = labels.value.key
        value_type = labels.value.valueType
      }
    }
  }

  dynamic "bucket_options" {
    for_each = try([each.value.bucketOptions.exponentialBuckets], [])
    content {
      exponential_buckets {
        num_finite_buckets = bucket_options.value.numFiniteBuckets
        growth_factor      = bucket_options.value.growthFactor
        scale              = bucket_options.value.scale
      }
    }
  }

  depends_on = [google_project_service.this]
}
