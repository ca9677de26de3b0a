// Volley for iPhones: one file to copy into an app and its notification service extension.
// docs/clients/swift.md says how.
//
// It registers the device, keeps its token, language, time zone and permission current, and reports what
// became of pushes. It speaks version 1 of Volley's API. It needs iOS 13 or later, Swift 5.5 or later (both
// language modes) and nothing else.
//
// Seen to work, by test/clients/native.test.ts: compiled by Swift 6.0 on Linux against stand-ins of UIKit,
// UserNotifications and CryptoKit, with requests to a real server. Not seen: Apple's SDK, for which a job of the
// workflow `ci` checks its types, and an iPhone.
//
// Any thread may call it. It does its work on a queue of its own, and no fault of it reaches the app.

import CryptoKit
import Foundation
import UIKit
import UserNotifications

final class Volley: @unchecked Sendable {
    static let shared = Volley()

    private let client = "volley-swift/1 (api 1)"
    /// A device that opens the app registers again after so many seconds, also if nothing has changed.
    private let refresh: TimeInterval = 28 * 24 * 60 * 60
    /// A registration that the server refused is tried again after a day, or when it changes.
    private let refused: TimeInterval = 24 * 60 * 60
    private let firstWait: TimeInterval = 30
    private let longestWait: TimeInterval = 60 * 60
    /// Receipts of a call, and receipts that are kept; more are not kept.
    private let callReceipts = 50
    private let keptReceipts = 500
    /// The share of devices that report `delivered`, unless the push says another.
    private static let deliveredShare = 0.02
    /// Answers after which the same receipt would be refused again.
    private let never: Set<Int> = [400, 413, 415, 422]

    // `now` is for tests. All that can change is used on the queue alone
    let queue = DispatchQueue(label: "volley")
    var now: () -> TimeInterval = { Date().timeIntervalSince1970 }
    private var folder: URL?
    private var permission = "denied"
    private var failures = 0
    private var retryAfter: TimeInterval?
    private var timer: DispatchWorkItem?
    private lazy var session: URLSession = {
        let settings = URLSessionConfiguration.ephemeral
        settings.timeoutIntervalForRequest = 10
        settings.timeoutIntervalForResource = 20
        return URLSession(configuration: settings)
    }()

    /// Call it in `application(_:didFinishLaunchingWithOptions:)`. `key` has the scope `register`; `app` is the
    /// app's name in Volley; `group` is the app group that is shared with the service extension, if there is one.
    @available(iOSApplicationExtension, unavailable)
    func start(url: String, key: String, app: String = "default", group: String? = nil) {
        queue.async {
            self.open(group)
            let root = url.hasSuffix("/") ? String(url.dropLast()) : url
            self.write(self.state().merging(["url": root, "key": key, "app": app]) { $1 })
        }
        let active = UIApplication.didBecomeActiveNotification
        _ = NotificationCenter.default.addObserver(forName: active, object: nil, queue: nil) { _ in self.update() }
        DispatchQueue.main.async { UIApplication.shared.registerForRemoteNotifications() }
        update()
    }

    /// The token of APNs, in `application(_:didRegisterForRemoteNotificationsWithDeviceToken:)`.
    func token(_ token: Data) {
        #if DEBUG
        let environment = "sandbox"
        #else
        let environment = "production"
        #endif
        let hex = token.map { String(format: "%02x", $0) }.joined()
        set(kept: ["token": hex, "provider": "apns", "environment": environment], in: "device")
    }

    /// The token of Firebase Cloud Messaging, in apps that are reached by it.
    func token(fcm token: String) {
        set(kept: ["token": token, "provider": "fcm", "environment": "production"], in: "device")
    }

    /// Fields of the registration that the app knows, such as `userId`, `tags`, `attributes`, `country` and
    /// `optedOut`; a value replaces the one before, and nil removes it. They are kept.
    func set(_ fields: [String: Any?]) {
        set(kept: fields.mapValues { $0 ?? NSNull() }, in: "fields")
    }

    /// People tapped the notification or one of its actions, or swiped it away, in
    /// `userNotificationCenter(_:didReceive:)`. iOS tells the latter only of categories with `customDismissAction`.
    func responded(to response: UNNotificationResponse) {
        guard let push = Push(response.notification.request) else { return }
        let isDismissed = response.actionIdentifier == UNNotificationDismissActionIdentifier
        queue.async { self.keep(push, isDismissed ? "dismissed" : "opened") }
        update()
    }

    /// The device got the push: in the service extension. `done` is called when the receipt was sent, or need not be.
    func received(_ request: UNNotificationRequest, group: String, done: @escaping () -> Void) {
        let push = Push(request), end = Box(done)
        queue.async {
            defer { end.value() }
            self.open(group)
            guard let push = push, let id = self.id(), self.isSampled(id, push.share) else { return }
            self.keep(push, "delivered")
            if self.waits() == nil, !self.flush() { self.delay() }
        }
    }

    /// For what one queue uses at a time.
    private final class Box<Value>: @unchecked Sendable {
        var value: Value
        init(_ value: Value) { self.value = value }
    }

    /// What Volley adds to a push: by APNs an object, by FCM a text.
    private struct Push: Sendable {
        let campaign: String
        let share: Double
        init?(_ request: UNNotificationRequest) {
            let value = request.content.userInfo["volley"]
            let text = (value as? String).flatMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) }
            guard let it = (text ?? value) as? [String: Any], let campaign = it["c"] as? String else { return nil }
            self.campaign = campaign
            self.share = (it["d"] as? NSNumber)?.doubleValue ?? deliveredShare
        }
    }

    /// The first four bytes of the id's SHA-256, as the server counts them.
    private func isSampled(_ id: String, _ share: Double) -> Bool {
        let bucket = SHA256.hash(data: Data(id.utf8)).prefix(4).reduce(0.0) { $0 * 256 + Double($1) }
        return bucket < share * 4_294_967_296
    }

    private func set(kept fields: [String: Any], in part: String) {
        guard JSONSerialization.isValidJSONObject(fields) else { return NSLog("Volley: fields that are not JSON") }
        let sent = Box(fields)
        queue.async {
            var all = self.state()
            all[part] = (all[part] as? [String: Any] ?? [:]).merging(sent.value) { $1 }
            self.write(all)
        }
        update()
    }

    /// Sends what is due, once the permission is known.
    private func update() {
        UNUserNotificationCenter.current().getNotificationSettings { settings in
            let status = settings.authorizationStatus
            let isDenied = status == .denied || status == .notDetermined
            self.queue.async {
                self.permission = status == .provisional ? "provisional" : isDenied ? "denied" : "granted"
                self.sync()
            }
        }
    }

    /// After a failure it waits, as long as the server says.
    private func sync() {
        if let wait = waits() { return later(wait) }
        if register() && flush() { failures = 0 } else { delay() }
    }

    private func waits() -> TimeInterval? {
        let wait = (state()["notBefore"] as? TimeInterval ?? 0) - now()
        return wait > 0 && wait <= longestWait ? wait : nil
    }

    private func delay() {
        let own = firstWait * pow(2, Double(min(failures, 10)))
        failures += 1
        let wait = min(retryAfter ?? own, longestWait)
        write(state().merging(["notBefore": now() + wait]) { $1 })
        later(wait)
    }

    private func later(_ wait: TimeInterval) {
        timer?.cancel()
        let work = DispatchWorkItem { self.update() }
        timer = work
        queue.asyncAfter(deadline: .now() + wait, execute: work)
    }

    /// False if the server could not be asked.
    private func register() -> Bool {
        var all = state()
        guard let id = id(), let app = all["app"] as? String, let kept = all["device"] as? [String: Any]
        else { return true }
        var wanted = device().merging(kept) { $1 }.merging(all["fields"] as? [String: Any] ?? [:]) { $1 }
        let text = json(wanted)
        let age = now() - (all["at"] as? TimeInterval ?? 0)
        if text == all["sent"] as? String, age >= 0, age < refresh { return true }

        // a change leaves what a server has stored of the device as it is, such as its tags
        let path = "/v1/installations/\(id)"
        let name = app.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? app
        var status = all["sent"] == nil ? 404 : send("PATCH", "\(path)?app=\(name)", wanted)
        if status == 404 {
            wanted = wanted.filter { !($1 is NSNull) }
            wanted["attributes"] = (wanted["attributes"] as? [String: Any])?.filter { !($1 is NSNull) }
            wanted["app"] = app
            status = send("PUT", path, wanted)
        }
        if status == 0 || status == 429 || status >= 500 { return false }
        all["sent"] = text
        all["at"] = status < 300 ? now() : now() - refresh + refused
        write(all)
        return true
    }

    private func device() -> [String: Any] {
        let zone = TimeZone.autoupdatingCurrent.identifier
        let version = Bundle.main.object(forInfoDictionaryKey: "CFBundleShortVersionString") as? String
        return [
            "platform": "ios",
            "language": Locale.preferredLanguages.first ?? NSNull(),
            // not GMT+0200, which is no name of a zone
            "timeZone": zone.contains("/") || zone == "UTC" ? zone : NSNull(),
            "appVersion": version.map { String($0.prefix(64)) } ?? NSNull(),
            "permission": permission,
        ]
    }

    /// A receipt is a file until the server has it. Its name makes a repeat harmless.
    private func keep(_ push: Push, _ kind: String) {
        let isName = push.campaign.range(of: "^[A-Za-z0-9_.:-]{1,128}$", options: .regularExpression) != nil
        let names = kept(), name = "\(kind)~\(push.campaign)"
        guard isName, !names.contains(name), names.count < keptReceipts else { return }
        let format = ISO8601DateFormatter()
        format.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        replace("receipts/\(name)", Data(format.string(from: Date(timeIntervalSince1970: now())).utf8))
    }

    private func kept() -> [String] {
        let names = file("receipts").flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0.path) }
        return (names ?? []).filter { $0.contains("~") }.sorted()
    }

    /// False if some are left. If several are refused, each is sent alone, so only the bad one is dropped.
    private func flush() -> Bool {
        var most = callReceipts
        while true {
            let names = Array(kept().prefix(most))
            guard let id = id(), !names.isEmpty else { return true }
            let receipts: [[String: Any]] = names.map { name in
                let parts = name.split(separator: "~", maxSplits: 1).map(String.init)
                let at = read("receipts/\(name)").map { String(decoding: $0, as: UTF8.self) } ?? ""
                return ["installationId": id, "campaignId": parts[1], "kind": parts[0], "at": at]
            }
            let status = send("POST", "/v1/receipts", ["receipts": receipts])
            if never.contains(status) && names.count > 1 {
                most = 1
            } else if (200..<300).contains(status) || never.contains(status) {
                for name in names { _ = file("receipts/\(name)").map { try? FileManager.default.removeItem(at: $0) } }
            } else {
                return false
            }
        }
    }

    /// The status of the answer; 0 if there is none. It waits, on the client's own queue.
    private func send(_ method: String, _ path: String, _ body: [String: Any]) -> Int {
        retryAfter = nil
        let all = state()
        guard let root = all["url"] as? String, let key = all["key"] as? String, let url = URL(string: root + path)
        else { return 0 }
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.httpBody = Data(json(body).utf8)
        request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization")
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.setValue(client, forHTTPHeaderField: "User-Agent")
        let isDone = DispatchSemaphore(value: 0), answer = Box<(Data?, HTTPURLResponse?)>((nil, nil))
        session.dataTask(with: request) { data, response, _ in
            answer.value = (data, response as? HTTPURLResponse)
            isDone.signal()
        }.resume()
        isDone.wait()
        let (data, response) = answer.value
        let status = response?.statusCode ?? 0
        retryAfter = response?.value(forHTTPHeaderField: "Retry-After").flatMap(TimeInterval.init)
        let text = String(decoding: (data ?? Data()).prefix(1000), as: UTF8.self)
        if status >= 400 { NSLog("%@", "Volley: \(method): \(status) \(text)") }
        return status
    }

    /// The app group's folder, which the extension reads too. It is not in backups: a second device must not take over
    /// the id of the first. The keychain would keep the id when people remove the app.
    private func open(_ group: String?) {
        let files = FileManager.default
        let shared = group.flatMap { files.containerURL(forSecurityApplicationGroupIdentifier: $0) }
        if shared == nil, let group = group { NSLog("%@", "Volley: the app has no group \(group)") }
        guard var own = (shared ?? files.urls(for: .applicationSupportDirectory, in: .userDomainMask).first)?
            .appendingPathComponent("volley") else { return }
        try? files.createDirectory(at: own.appendingPathComponent("receipts"), withIntermediateDirectories: true)
        var values = URLResourceValues()
        values.isExcludedFromBackup = true
        try? own.setResourceValues(values)
        folder = own
    }

    /// Made once, and gone with the app. Nil while the device is locked since its start: then nothing is made anew.
    private func id() -> String? {
        guard let file = file("id") else { return nil }
        let isNew = !FileManager.default.fileExists(atPath: file.path)
        if isNew { replace("id", Data(UUID().uuidString.lowercased().utf8)) }
        return read("id").map { String(decoding: $0, as: UTF8.self) }
    }

    private func state() -> [String: Any] {
        let json = read("state").flatMap { try? JSONSerialization.jsonObject(with: $0) }
        return json as? [String: Any] ?? [:]
    }

    private func write(_ state: [String: Any]) { replace("state", Data(json(state).utf8)) }

    /// The file has the old text or the new one, whenever the process dies.
    private func replace(_ name: String, _ data: Data) {
        guard let file = file(name) else { return }
        try? data.write(to: file, options: [.atomic, .completeFileProtectionUntilFirstUserAuthentication])
    }

    private func read(_ name: String) -> Data? { file(name).flatMap { try? Data(contentsOf: $0) } }

    private func file(_ name: String) -> URL? { folder?.appendingPathComponent(name) }

    private func json(_ value: [String: Any]) -> String {
        guard let data = try? JSONSerialization.data(withJSONObject: value, options: .sortedKeys) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }
}
