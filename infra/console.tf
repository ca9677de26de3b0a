# The site of the console, beside those that the project has. What it serves is deployed by Firebase's own
# command (deploy.yml; docs/console.md by hand), with rewrites to the function `api`: Hosting calls it as the
# internet does, so its ingress is `all` and no grant is needed beyond `allUsers` (functions.tf).
# The project must be a Firebase project; this does not make it one.
# https://firebase.google.com/docs/hosting/cloud-run
resource "google_firebase_hosting_site" "console" {
  count    = var.console == null ? 0 : 1
  provider = google-beta

  project = var.project
  site_id = var.console.site

  depends_on = [google_project_service.this]
}
