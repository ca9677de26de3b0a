output "api_url" {
  description = "The API: `volley --url`, or VOLLEY_URL."
  value       = local.urls.api
}

output "next" {
  description = "The next steps, to do by hand."
  value       = <<-END
    1. The first API key (shown once; only its hash is stored):
         npm run --silent key -- --project ${var.project} --database '${local.database_id}' --name first
    2. export VOLLEY_URL=${local.urls.api} VOLLEY_API_KEY=volley_…
    3. Check the deployment:       npx volley doctor
    4. Register one device of your own, as user "me": README.md, step 9
    5. Push to it alone:           npx volley message --user me --title Hello --body World
  END
}

output "secrets_to_fill" {
  description = "Secrets whose value is added by hand: gcloud secrets versions add NAME --data-file=FILE"
  value       = sort([for it in google_secret_manager_secret.this : it.secret_id])
}

output "github" {
  description = "For the repository's variables (Settings, Actions, Variables)."
  value = var.github == null ? null : {
    WORKLOAD_IDENTITY_PROVIDER = google_iam_workload_identity_pool_provider.github[0].name
    PLAN_ACCOUNT               = google_service_account.github["github-plan"].email
    APPLY_ACCOUNT              = google_service_account.github["github-apply"].email
    STATE_BUCKET               = var.github.state_bucket
    STATE_PREFIX               = var.prefix
    DEPLOY_ENVIRONMENT         = var.github.environment
  }
}
