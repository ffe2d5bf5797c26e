using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Orchestrator.Client;
using Orchestrator.ServiceDefaults.Errors;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.ServiceDefaults.OpenApi;
using Orchestrator.ServiceDefaults.Security;

namespace Orchestrator.Api.OpenApi;

/// <summary>
/// The OpenAPI document: the calls of all listeners, each with its listener's address.
/// </summary>
internal static class OpenApiHosting
{
    /// <summary>The document's name and version.</summary>
    public const string DocumentName = "v1";

    private const string KeyScheme = "ApiKey";

    public static WebApplicationBuilder AddOpenApiDocument(this WebApplicationBuilder builder)
    {
        builder.Services.AddOpenApi(DocumentName, options =>
        {
            options.AddDocumentTransformer(DescribeDocumentAsync);
            options.AddOperationTransformer(DescribeOperationAsync);
        });
        builder.Services.AddSingleton<OpenApiFile>();
        return builder;
    }

    /// <summary>Serves it at <c>/openapi/v1.json</c> on the sessions listener.</summary>
    public static void MapOpenApiDocument(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapGet($"/openapi/{DocumentName}.json", WriteAsync).ExcludeFromDescription().OnListener(Listener.Sessions);

    private static async Task WriteAsync(HttpContext context)
    {
        var json = await context.RequestServices.GetRequiredService<OpenApiFile>().ReadAsync(context.RequestAborted);
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = json.Length;
        await context.Response.Body.WriteAsync(json, context.RequestAborted);
    }

    private static Task DescribeDocumentAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        var listeners = context.ApplicationServices.GetRequiredService<OpenListeners>();
        document.Info = new OpenApiInfo
        {
            Title = "Orchestrator",
            Version = DocumentName,
            Description = "An isolated runner for every session, machines assigned to projects, and the calls that monitor both.",
        };
        // Importers turn the first server into a variable baseUrl.
        document.Servers = [new OpenApiServer { Url = listeners.AddressOf(Listener.Sessions), Description = "Sessions and tasks" }];
        document.AddComponent(KeyScheme, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.ApiKey,
            In = ParameterLocation.Header,
            Name = "X-Api-Key",
            Description = "One of Security:ApiKeys. Without any, calls from this machine need none.",
        });
        return Task.CompletedTask;
    }

    private static async Task DescribeOperationAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var listeners = context.ApplicationServices.GetRequiredService<OpenListeners>();
        if (metadata.OfType<ListenerMetadata>().LastOrDefault() is { Listener: not Listener.Sessions and var listener } && listeners.All.Contains(listener))
        {
            operation.Servers = [new OpenApiServer { Url = listeners.AddressOf(listener), Description = listener.ToString() }];
        }

        if (context.ApplicationServices.GetRequiredService<SecurityOptions>().ApiKeys.Count > 0 && !metadata.OfType<IAllowAnonymous>().Any())
        {
            await RequireKeyAsync(operation, context, cancellationToken);
        }

        var inWords = metadata.OfType<ErrorsInWords>().Any();
        foreach (var example in metadata.OfType<Example>())
        {
            var content = new OpenApiMediaType
            {
                Schema = await context.GetOrCreateSchemaAsync(example.Type, null, cancellationToken),
                Example = Read(example, inWords),
            };
            if (example.Status is not { } status)
            {
                operation.RequestBody = new OpenApiRequestBody { Content = new Dictionary<string, OpenApiMediaType> { [example.ContentType] = content } };
            }
            else if (operation.Responses?.TryGetValue(status.ToString(System.Globalization.CultureInfo.InvariantCulture), out var response) == true)
            {
                response.Content?[example.ContentType] = content;
            }
        }
    }

    private static async Task RequireKeyAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(KeyScheme, context.Document)] = [] }];
        operation.Responses ??= [];
        operation.Responses["401"] = new OpenApiResponse
        {
            Description = "Unauthorized",
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/json"] = new()
                {
                    Schema = await context.GetOrCreateSchemaAsync(typeof(ApiError), null, cancellationToken),
                    Example = JsonNode.Parse("""{"error":"API_KEY_REQUIRED","message":"This call needs a key in the X-Api-Key header."}"""),
                },
            },
        };
    }

    private static JsonNode? Read(Example example, bool inWords) => example switch
    {
        { ContentType: not "application/json" } => JsonValue.Create(example.Text),
        _ when inWords && example.Type == typeof(ApiError) => JsonSerializer.SerializeToNode(
            ErrorsInWords.Word(JsonSerializer.Deserialize(example.Text, ContractJson.Default.ApiError)!, "api-1"), ContractJson.Default.ApiError),
        _ => JsonNode.Parse(example.Text),
    };
}
