# People sign in with Firebase Auth (functions/http/auth/firebase-users.ts): the API asks whether a token's user is
# still there and not revoked, and nothing else. Google's smallest role for it lists all users.
resource "google_project_iam_custom_role" "people" {
  role_id     = "${replace(var.prefix, "-", "_")}_people"
  title       = "Volley: looks a user up"
  permissions = ["firebaseauth.users.get"]

  depends_on = [google_project_service.this]
}

resource "google_project_iam_member" "people" {
  project = var.project
  role    = google_project_iam_custom_role.people.name
  member  = google_service_account.function["api"].member
}
