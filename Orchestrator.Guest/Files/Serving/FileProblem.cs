using Orchestrator.Guest.Connect;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Serving;

namespace Orchestrator.Guest.Files.Serving;

/// <summary>How a failed operation is told: <c>{"code":404,"message":…}</c> over REST, a Connect error over Connect.</summary>
internal static class FileProblem
{
    private const int InsufficientStorage = 507;

    public static Task WriteAsync(HttpContext context, FileException error) =>
        Refusal.WriteAsync(context, StatusOf(error.Code), error.Message);

    /// <summary>The same failure in Connect, which has no code for a full disk.</summary>
    public static ConnectError ToConnect(FileException error) => new(
        error.Code == FileFailure.NoSpace ? ConnectCode.ResourceExhausted : ConnectCodes.Of(error.Code), error.Message);

    private static int StatusOf(string code) =>
        code == FileFailure.NoSpace ? InsufficientStorage : ConnectCodes.StatusOf(ConnectCodes.Of(code));
}
