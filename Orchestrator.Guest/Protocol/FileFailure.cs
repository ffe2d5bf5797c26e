namespace Orchestrator.Guest.Protocol;

/// <summary>Why an operation on files failed.</summary>
/// <param name="Code">A code of the Connect protocol, or <see cref="NoSpace"/>.</param>
/// <param name="Message">For people.</param>
public sealed record FileFailure(string Code, string Message)
{
    /// <summary>There is no such file or folder.</summary>
    public const string NotFound = "not_found";

    /// <summary>The request can't be carried out on what is there.</summary>
    public const string InvalidArgument = "invalid_argument";

    /// <summary>The folder is there already.</summary>
    public const string AlreadyExists = "already_exists";

    /// <summary>The code user may not do that.</summary>
    public const string PermissionDenied = "permission_denied";

    /// <summary>The caller named another user than the code's.</summary>
    public const string Unauthenticated = "unauthenticated";

    /// <summary>A limit of the kernel or of the guest is reached.</summary>
    public const string ResourceExhausted = "resource_exhausted";

    /// <summary>The state of the files does not allow it, such as a folder that is not empty.</summary>
    public const string FailedPrecondition = "failed_precondition";

    /// <summary>The guest or the file system failed.</summary>
    public const string Internal = "internal";

    /// <summary>The agent is not there. What it was asked to do may be done.</summary>
    public const string Unavailable = "unavailable";

    /// <summary>The file system is full. No code of Connect's: 507 over REST, <c>resource_exhausted</c> over Connect.</summary>
    public const string NoSpace = "no_space";
}
