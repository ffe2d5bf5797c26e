using System.Net;

namespace Docker.DotNet;

/// <summary>The engine answered, and the answer was an error.</summary>
public class DockerApiException(HttpStatusCode statusCode, string? responseBody)
    : Exception($"The engine answered {(int)statusCode} ({statusCode}): {responseBody}")
{
    public HttpStatusCode StatusCode { get; } = statusCode;

    /// <summary>What the engine said, usually <c>{"message":"…"}</c>.</summary>
    public string? ResponseBody { get; } = responseBody;
}

/// <summary>404 of a call about a container or an exec.</summary>
public class DockerContainerNotFoundException(HttpStatusCode statusCode, string? responseBody)
    : DockerApiException(statusCode, responseBody);

/// <summary>404 of a call about an image, and of making a container from one that is missing.</summary>
public class DockerImageNotFoundException(HttpStatusCode statusCode, string? responseBody)
    : DockerApiException(statusCode, responseBody);

/// <summary>404 of a call about a network.</summary>
public class DockerNetworkNotFoundException(HttpStatusCode statusCode, string? responseBody)
    : DockerApiException(statusCode, responseBody);
