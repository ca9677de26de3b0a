/// An app with the client, for tests: it does what the lines of its input say, and answers each with a line
/// when the client has nothing more to do. Arguments: the folder of app groups, URL, key, app.

import Foundation
import UIKit
import UserNotifications

let arguments = CommandLine.arguments
let group = "group.com.example.shop"
let volley = Volley.shared
containers = URL(fileURLWithPath: arguments[1])

/// In place of Foundation's, which has a fixed language on Linux.
enum Locale {
    nonisolated(unsafe) static var preferredLanguages = ["en"]
}

func request(_ text: String) -> UNNotificationRequest {
    // an object as APNs gives it, or a text as FCM does
    let value = try? JSONSerialization.jsonObject(with: Data(text.utf8))
    return UNNotificationRequest(["volley": text.hasPrefix("'") ? String(text.dropFirst()) : value ?? NSNull()])
}

func bytes(_ hex: String) -> Data {
    let digits = Array(hex)
    return Data(stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0..<($0 + 2)]), radix: 16)! })
}

@MainActor
func obey(_ command: String, _ text: String) {
    let center = UNUserNotificationCenter.current()
    let states = ["granted": UNAuthorizationStatus.authorized, "denied": .denied, "provisional": .provisional]
    switch command {
    case "now":
        let now = Double(text)! / 1000
        volley.queue.sync { volley.now = { now } }
    case "language": Locale.preferredLanguages = [text]
    case "zone":
        setenv("TZ", text, 1)
        NSTimeZone.resetSystemTimeZone()
    case "permission": center.status = states[text]!
    case "start": volley.start(url: arguments[2], key: arguments[3], app: arguments[4], group: group)
    case "token": volley.token(bytes(text))
    case "fcm": volley.token(fcm: text)
    case "set":
        let fields = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        volley.set((fields ?? [:]).mapValues(Optional.some))
    case "received":
        let isDone = DispatchSemaphore(value: 0)
        volley.received(request(text), group: group) { isDone.signal() }
        isDone.wait()
    case "opened":
        volley.responded(to: UNNotificationResponse(request(text), UNNotificationDefaultActionIdentifier))
    case "dismissed":
        volley.responded(to: UNNotificationResponse(request(text), UNNotificationDismissActionIdentifier))
    case "shown": NotificationCenter.default.post(name: UIApplication.didBecomeActiveNotification, object: nil)
    default: fatalError(command)
    }
}

while let line = readLine() {
    let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
    obey(parts[0], parts.count > 1 ? parts[1] : "")
    // a call may give the queue more work, once
    for _ in 1...3 { volley.queue.sync {} }
    FileHandle.standardOutput.write(Data("done\n".utf8))
}
