using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Primitives;
using Orchestrator.Client;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Callbacks;
using Orchestrator.Core.Tasks.Handlers;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.ServiceDefaults.Http;
using Orchestrator.ServiceDefaults.Telemetry;

namespace Orchestrator.Api.Tasks;

/// <summary>Validates a submitted task.</summary>
internal sealed partial class TaskSubmission(
    TaskTypes types, CallbackRules callbacks, TasksOptions options, ServiceIdentity identity, TimeProvider time)
{
    private const int MaxKeyLength = 200;
    private const int MaxTypeLength = 64;
    private static readonly TimeSpan LatestStart = TimeSpan.FromDays(366);

    // An offset is required: without one, the meaning of a time depends on the reader's clock.
    private static readonly string[] TimeFormats =
    [
        "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK",
    ];

    private readonly TaskFields _fields = new(types);

    /// <summary>Reads a call of <c>POST /task</c>; the body wins over the query.</summary>
    /// <exception cref="InvalidInputException">A field is missing or invalid.</exception>
    public TaskSpecification Read(TaskRequest? body, IQueryCollection query)
    {
        body ??= new TaskRequest();
        var (type, input) = body.Type is { } name ? (name, body.Input) : ReadOperation(body, query);
        if (types.Find(type) is not { } handler)
        {
            throw InvalidInputException.Field("type", $"{Shown(type)} is not a task type; GET /tasks/types lists them.");
        }

        var given = _fields.Spell(type, input ?? JsonElement.Parse("{}"));
        if (handler.Refuse(given) is { } problem)
        {
            throw new InvalidInputException("INPUT_INVALID", problem);
        }

        return new TaskSpecification
        {
            Type = type,
            Input = given.GetRawText(),
            InitiatedBy = identity.InstanceId,
            MaxAttempts = ReadAttempts(body.MaxAttempts),
            IdempotencyKey = ReadKey(body.IdempotencyKey),
            RunAt = ReadTime(body.RunAt),
            Callback = ReadCallback(body.CallbackUrl),
            TraceParent = Activity.Current?.Id,
        };
    }

    /// <summary>Whether two tasks have the same type and input.</summary>
    public static bool AreSame(TaskSpecification one, TaskSpecification other) =>
        one.Type == other.Type && JsonElement.DeepEquals(JsonElement.Parse(one.Input), JsonElement.Parse(other.Input));

    private static (string Type, JsonElement? Input) ReadOperation(TaskRequest body, IQueryCollection query)
    {
        var operation = body.Operation ?? Single(query, "operation") ?? AddHandler.Name;
        if (operation != AddHandler.Name)
        {
            throw new InvalidInputException("FIELD_INVALID", $"Unknown operation: {Shorten(operation)}");
        }

        if (IsMissing(body.A, query["a"]) || IsMissing(body.B, query["b"]))
        {
            throw ParamsMissing();
        }

        // Numbers are copied as text, so that none is rounded.
        var text = new StringBuilder("{");
        Append(text, "a", body.A, query);
        Append(text, "b", body.B, query);
        return (operation, JsonElement.Parse(text.Append('}').ToString()));
    }

    /// <summary>The refusal of a sum without its numbers.</summary>
    public static InvalidInputException ParamsMissing() => new("INPUT_INVALID", "Missing params: a and b are required.");

    private static bool IsMissing(JsonElement? given, StringValues written) => given is null && StringValues.IsNullOrEmpty(written);

    private static void Append(StringBuilder text, string name, JsonElement? given, IQueryCollection query)
    {
        var value = given is { } json ? json.GetRawText()
            : Single(query, name) is { } written ? $"\"{JavaScriptEncoder.Default.Encode(written)}\""
            : null;
        if (value is not null)
        {
            text.Append(text.Length > 1 ? "," : "").Append('"').Append(name).Append("\":").Append(value);
        }
    }

    private static string? Single(IQueryCollection query, string name) => query[name] switch
    {
        { Count: 0 } => null,
        { Count: 1 } values => values[0],
        _ => throw InvalidInputException.Field(name, "is given more than once."),
    };

    private int ReadAttempts(int? attempts) => attempts switch
    {
        null => options.MaxAttempts,
        >= 1 and <= 100 => attempts.Value,
        _ => throw InvalidInputException.Field("max_attempts", "must be from 1 to 100."),
    };

    // The prefix keeps callers' keys apart from the pod's.
    private static string? ReadKey(string? key) => key switch
    {
        null => null,
        { Length: > 0 and <= MaxKeyLength } when !key.Any(char.IsControl) => $"api {key}",
        _ => throw InvalidInputException.Field("idempotency_key", $"must be 1 to {MaxKeyLength} printable characters."),
    };

    private DateTimeOffset? ReadTime(string? text)
    {
        if (text is null)
        {
            return null;
        }

        if (Time().Match(text) is not { Success: true } match
            || !DateTimeOffset.TryParseExact(match.Result("${kept}${offset}").ToUpperInvariant(), TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var at))
        {
            throw InvalidInputException.Field("run_at", "must be a time with an offset, as 2026-01-31T12:00:00Z.");
        }

        return at <= time.GetUtcNow() + LatestStart
            ? at
            : throw InvalidInputException.Field("run_at", $"must be within {LatestStart.TotalDays} days.");
    }

    private TaskCallback? ReadCallback(string? url) => url switch
    {
        null => null,
        _ when callbacks.Refuse(url) is { } problem => throw InvalidInputException.Field("callback_url", problem),
        _ => new TaskCallback(url),
    };

    // RFC 3339: up to nine fractional digits, of which the clock keeps seven; T and Z in either case.
    [GeneratedRegex(
        @"^(?<kept>\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,7})?)?)((?<=\.\d{7})\d{1,2})?(?<offset>Z|[+-]\d\d:\d\d)\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Time();

    private static string Shown(string text) => $"'{Shorten(text)}'";

    private static string Shorten(string text) => text.Length <= MaxTypeLength ? text : text[..MaxTypeLength] + "…";
}
