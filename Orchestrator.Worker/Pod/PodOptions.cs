using System.ComponentModel.DataAnnotations;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Worker.Pod;

/// <summary>Section <c>Pod</c>.</summary>
internal sealed class PodOptions : IValidatableObject
{
    /// <summary>The section's name.</summary>
    public const string Section = "Pod";

    private const string TestingTaskId = "TESTING_TASK_ID";
    private const string TestingUrl = "http://localhost:3000/submit-to-js";

    /// <summary>
    /// Where the pod posts results; <c>{task_id}</c> and <c>{todoId}</c> are replaced. HOST is
    /// <c>host.docker.internal</c> in a container, else <c>localhost</c>. For <c>TESTING_TASK_ID</c> the default is
    /// <c>http://localhost:3000/submit-to-js</c>.
    /// </summary>
    /// <value><c>http://HOST:30017/task/{task_id}/submit-to-js</c></value>
    public string? CallbackUrl { get; set; }

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!string.IsNullOrWhiteSpace(CallbackUrl)
            && !(Uri.TryCreate(Fill(CallbackUrl, "a", "b"), UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
        {
            yield return new($"'{CallbackUrl}' is not an http address.", [nameof(CallbackUrl)]);
        }
    }

    /// <summary>Where the end of a task is told.</summary>
    public TaskCallback CallbackFor(string taskId, string todoId) => new(UrlFor(taskId, todoId), CallbackShape.Pod, taskId, todoId);

    private string UrlFor(string taskId, string todoId) => (CallbackUrl, taskId) switch
    {
        ({ } url, _) when !string.IsNullOrWhiteSpace(url) => Fill(url.Trim(), taskId, todoId),
        (_, TestingTaskId) => TestingUrl,
        _ => Fill($"http://{Host()}:30017/task/{{task_id}}/submit-to-js", taskId, todoId),
    };

    private static string Fill(string url, string taskId, string todoId) => url
        .Replace("{task_id}", Uri.EscapeDataString(taskId), StringComparison.Ordinal)
        .Replace("{todoId}", Uri.EscapeDataString(todoId), StringComparison.Ordinal);

    // The node that asks runs beside the container, not in it.
    private static string Host() =>
        Environment.GetEnvironmentVariable("DOTNET_RUNNING_IN_CONTAINER") is "true" or "1" || File.Exists("/.dockerenv")
            ? "host.docker.internal"
            : "localhost";
}
