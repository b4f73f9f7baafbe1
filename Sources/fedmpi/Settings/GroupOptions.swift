import ArgumentParser
import FedCore
import Synchronization

/// One group's settings as options.
struct GroupOptions<Group: SettingsGroup>: ParsableArguments, CustomReflectable {
    private(set) var given = GivenSettings()

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: OptionKey.self)
        for setting in Self.known.settings {
            let key = OptionKey(setting.name)
            switch setting.kind {
            case .flag:
                if try container.decode(Flag<Bool>.self, forKey: key).wrappedValue { given.set(setting.name, to: .on) }
            case .list:
                let texts = try container.decode(Option<[String]>.self, forKey: key).wrappedValue
                if !texts.isEmpty { given.set(setting.name, to: .list(texts)) }
            default:
                let text = try container.decode(Option<String?>.self, forKey: key).wrappedValue
                if let text { given.set(setting.name, to: .text(text)) }
            }
        }
    }

    var customMirror: Mirror { Mirror(self, children: Self.known.options) }

    private static var known: KnownGroup {
        knownGroups.withLock { groups in
            let key = ObjectIdentifier(Group.self)
            if let known = groups[key] { return known }
            let settings = Group.description.settings
            let known = KnownGroup(
                settings: settings,
                options: settings.map { (label: $0.name as String?, value: option(of: $0)) })
            groups[key] = known
            return known
        }
    }

    private static func option(of setting: SettingDescription) -> Any {
        let name = NameSpecification.customLong(setting.name)
        let help = ArgumentHelp(SettingsText.help(of: setting))
        switch setting.kind {
        case .flag: return Flag<Bool>(wrappedValue: false, name: name, help: help)
        case .list:
            return Option<[String]>(wrappedValue: [], name: name, parsing: .singleValue, help: help)
        default: return Option<String?>(name: name, help: help, completion: completion(of: setting))
        }
    }

    /// What a shell proposes.
    private static func completion(of setting: SettingDescription) -> CompletionKind? {
        let words =
            setting.kind.choices
            + Plugins.all.filter { $0.kind == setting.catalog }.map { $0.name + ($0.usage.hasPrefix(":") ? ":" : "") }
        if !words.isEmpty { return .list(words) }
        return setting.name == "teacher" || setting.name == "results" ? .file() : nil
    }
}

/// A group's settings, and the options that ArgumentParser finds for them.
private struct KnownGroup: @unchecked Sendable {
    let settings: [SettingDescription]
    // Sendable: nobody changes them.
    let options: [Mirror.Child]
}

/// By group: ArgumentParser looks at a command's options many times for each command line.
private let knownGroups = Mutex<[ObjectIdentifier: KnownGroup]>([:])
